"""Agents as ONNX files, run by onnxruntime. Nothing of Python is in such a file."""
