"""Where answers come from: prompts as each model family reads them, and the sources to ask."""
