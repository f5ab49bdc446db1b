"""Measuring models again."""

from pathlib import Path

import pytest
import tiny_models

from segviz import settings
from segviz.errors import NotFound, SegvizError
from segviz.inference import catalog
from segviz.training import evaluation


def test_a_model_without_an_evaluation_is_said(tmp_path):
    with pytest.raises(NotFound) as error:
        evaluation.evaluate(tiny_models.volume_card(tmp_path / "tiny"), tmp_path)
    assert error.value.code == "SV-MDL-012"


@pytest.mark.parametrize("name", evaluation.EVALUATIONS)
def test_missing_data_are_said(name, tmp_path: Path):
    card = catalog.card(settings.load(), name)
    with pytest.raises(SegvizError) as error:
        evaluation.evaluate(card, tmp_path)
    assert error.value.code == ("SV-MDL-020" if card.waiting else "SV-MDL-013")


def test_numbers_of_another_processor_are_those_of_the_card():
    def rows(value, name="Dice"):
        return [{"data": "scans", "measure": "mean", "values": {name: value, "ml": 1000.0}}]

    assert evaluation.agree(rows(0.871), rows(0.870))
    assert not evaluation.agree(rows(0.875), rows(0.870))
    assert not evaluation.agree(rows(0.870, "IoU"), rows(0.870))
    assert not evaluation.agree(rows(0.870), [])
