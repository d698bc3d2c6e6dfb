"""Texts made of texts: decoders by template and encoder-decoders natively; chrF, BLEU and ROUGE against references."""
