"""Agents that work can be handed to: what they are told, and what they may do."""
