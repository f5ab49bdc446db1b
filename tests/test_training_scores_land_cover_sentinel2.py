"""The numbers on the card of land-cover-sentinel2."""

from segviz import adding, settings
from segviz.training import evaluation


def test_the_card_says_what_is_measured(real_data):
    card = adding.add(
        settings.load(), "dynamic-world", folder=real_data / "geo" / "dynamic-world-model"
    )
    assert evaluation.evaluate(card, real_data) == card.metrics
