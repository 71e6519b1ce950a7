"""Meta-optimizers: designed to produce optimizers. What they hand over is a base optimizer by declaration, ready to train."""
