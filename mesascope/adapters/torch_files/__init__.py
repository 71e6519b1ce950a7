"""Agents in files of PyTorch: the weights of a module of the user's (a state dict or safetensors), or TorchScript."""
