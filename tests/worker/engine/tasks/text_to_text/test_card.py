"""The card has every score with what it is held against, and the script asks as the run did."""

from tests.worker.engine.tasks.text_to_text.conftest import Trained


def test_card_and_script_of_an_encoder_decoder(trained_encoder_decoder: Trained) -> None:
    job = trained_encoder_decoder[0]
    card, script = ((job.folder / "adapter" / name).read_text(encoding="utf-8") for name in ("README.md", "use_me.py"))
    assert "text2text-generation" in card and "| chrF |" in card and "copy of the source" in card
    assert "nrefs:" in card and "beam search" in card
    assert "AutoModelForSeq2SeqLM" in script and "'fix: ' + text" in script and "num_beams=2" in script


def test_script_of_a_decoder_asks_by_its_template(trained_decoder: Trained) -> None:
    script = (trained_decoder[0].folder / "adapter" / "use_me.py").read_text(encoding="utf-8")
    assert "AutoModelForCausalLM" in script and "\"content\": 'fix: ' + text" in script
