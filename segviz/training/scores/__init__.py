"""How good each shipped model is: one module a model, the numbers of its card."""
