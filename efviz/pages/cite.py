"""The paper as BibTeX: the one place from which pages take it."""

BIBTEX = """@inproceedings{kunstner2019limitations,
  title     = {Limitations of the Empirical {F}isher Approximation for Natural Gradient Descent},
  author    = {Kunstner, Frederik and Hennig, Philipp and Balles, Lukas},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {32},
  pages     = {4156--4167},
  year      = {2019}
}
"""
