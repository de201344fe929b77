"""What the example scripts share: options, data, tables, figures, pages, the original's claims."""
