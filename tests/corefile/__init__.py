"""Tests of core files."""
