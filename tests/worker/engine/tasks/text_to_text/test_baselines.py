"""What needs no model: the source, and its first three sentences."""

from worker.engine.tasks.text_to_text.baselines import answers, lead

NEWS = 'It rained. "Much!" he said. Then it stopped? Nobody knows. The end.'


def test_lead_is_three_sentences() -> None:
    # A mark that ends what is quoted ends a sentence too.
    assert lead(NEWS) == 'It rained. "Much!" he said.'
    assert lead("今日は雨。明日は晴れ。来週は雪。以上。") == "今日は雨。明日は晴れ。来週は雪。"
    assert lead("One sentence only") == "One sentence only"


def test_lead_is_a_baseline_only_where_texts_are_longer() -> None:
    assert set(answers([NEWS, NEWS, "Short."])) == {"copy", "lead_3"}
    assert set(answers(["Short.", "Shorter."])) == {"copy"}
