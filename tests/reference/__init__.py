"""Tests of what lies outside a deposition, of derivation, modes, views and updates."""
