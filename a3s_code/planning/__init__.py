"""Plans: steps that depend on each other, the goal they serve, and running them in waves."""
