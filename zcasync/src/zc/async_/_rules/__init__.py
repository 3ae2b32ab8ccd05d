"""Decisions about jobs, made without a database, a thread or a clock."""
