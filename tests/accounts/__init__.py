"""Accounts: signing in, who may do what, and how it is kept."""
