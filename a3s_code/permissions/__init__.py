"""Whether a tool call may run: rules, the policy made of them, and the asking of a person."""
