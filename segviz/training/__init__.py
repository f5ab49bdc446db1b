"""Recipes that make the weights in models/: ``train(name, data, output)`` runs one."""

from segviz.training.recipes import RECIPES, train

__all__ = ["RECIPES", "train"]
