"""What the example scripts share: options, data, the original's figures, pages."""
