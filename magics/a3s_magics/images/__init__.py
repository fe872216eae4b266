"""Images that the notebook has shown, and how one of them goes along with a prompt."""
