"""What is known of the activation functions, by their Keras names."""

# The limits of those that saturate on both sides.
LIMITS = {
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
    "relu6": (0.0, 6.0),
    "softmax": (0.0, 1.0),
}
