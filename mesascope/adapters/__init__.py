"""Other people's agents as subjects: PyTorch modules, JAX functions, and policies of which only the answers are known."""
