"""Asking models: prompts, tokens, Triton, recorded answers."""
