"""Context providers: what is put beside a prompt so that the model need not ask for it."""
