"""Skills: texts that tell the model how a kind of work is done, and which tools that needs."""
