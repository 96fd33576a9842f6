"""The engine over Unicorn."""
