"""Agents of Stable-Baselines3 and sb3-contrib: their zip files read without executing anything in them, and asked as subjects."""
