"""The tests, and what they share: guests built on demand, commands run, machines driven."""
