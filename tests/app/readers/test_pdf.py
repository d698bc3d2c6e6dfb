"""Text of PDF documents, a row for each paragraph."""

from tests.app.readers.reading import cells, read, refused


def pdf(*pages: list[str]) -> bytes:
    """A document of these lines, one page for each list."""
    parts = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    parts += [
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
        stream = f"BT /F1 12 Tf 50 700 Td {shown} ET"
        parts.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * n} 0 R >>"
        )
        parts.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    content, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(content)
    return (
        content
        + f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}trailer << /Size {len(parts) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF"
    ).encode()


def test_lines_of_a_pdf_become_paragraphs_without_what_stands_on_every_page(tmp_path):
    def body(n: int) -> list[str]:
        return [
            f"Machine {n} must stand level on its feet, because other-",
            "wise it shakes and makes a noise in all rooms.",
            f"Do so {n}.",
        ]

    pages = [["Manual of 2024", *body(n), f"Seite {n}"] for n in range(1, 5)]
    table, records = read(tmp_path, "a.pdf", pdf(*pages))
    assert table.format == "pdf" and len(records) == 4
    assert cells(records)[0] == (
        "Machine 1 must stand level on its feet, because otherwise it shakes and makes a noise in all rooms. Do so 1.",
    )
    assert "'Manual of 2024'" in table.flaws.all()[0].message


def test_pdf_without_text_or_in_pieces_is_refused(tmp_path):
    assert refused(tmp_path, "a.pdf", pdf([], [])).code == "document_scanned"
    assert refused(tmp_path, "a.pdf", b"%PDF-1.4\nnonsense").code == "document_corrupt"
    assert refused(tmp_path, "a.csv", pdf(["x"])).code == "type_mismatch"
