"""What is remembered beyond one conversation: items, their ranking, the tiers, and the stores."""
