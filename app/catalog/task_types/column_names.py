"""Names that people give to columns, in the languages that files come in; compared by :func:`name_key`."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

_JOINERS = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """The same for names that differ only in case, accents, spaces, hyphens and punctuation."""
    # The Turkish dotless i has no accent that could be taken away.
    plain = unicodedata.normalize("NFKD", name.casefold().replace("\u0131", "i"))
    return _JOINERS.sub("_", "".join(c for c in plain if not unicodedata.combining(c))).strip("_")


def find_column(columns: Sequence[str], names: Iterable[str], taken: Iterable[str] = ()) -> str | None:
    """The column called like the first of ``names`` that occurs; see :func:`name_key`."""
    left_out = set(taken)
    plain = {name_key(name): name for name in reversed(columns) if name not in left_out}
    return next((plain[key] for name in names if (key := name_key(name)) in plain), None)


def request_and_answer(columns: Sequence[str]) -> tuple[str | None, str | None]:
    """The column called like a request, and another one called like an answer."""
    request = find_column(columns, REQUESTS)
    return request, find_column(columns, ANSWERS, [request] if request else [])


def is_named(name: str, names: Iterable[str]) -> bool:
    """Whether a column has one of the names, or one of them as a part (``issue_label``)."""
    known, key = _keys(tuple(names)), name_key(name)
    return key in known or not known.isdisjoint(key.split("_"))


def is_called(name: str, names: Iterable[str]) -> bool:
    """Whether a column has exactly one of the names."""
    return name_key(name) in _keys(tuple(names))


@lru_cache(maxsize=256)
def _keys(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(name_key, names))


# A label by name alone; a name that mostly means a label; a name that may mean one.
LABELS = tuple(
    """
    label labels class target y gold gold_label etikett etiquette étiquette etiqueta etichetta klasse classe clase
    klasa sinif etiket címke osztály метка класс 标签 ラベル クラス 레이블
    """.split()
)
CATEGORIES = tuple(
    """
    category categories intent topic sentiment tag tags type emotion kategorie catégorie categoría categoria kategori
    kategoria kategória kategorija categorie категория kategorie thema thème tema stimmung sentimiento sentimento
    absicht intención konu duygu tipo tür typ type rubrique sachgebiet тема 类别 分类 类型 主题 カテゴリ 분류
    """.split()
)
GROUPS = tuple(
    """
    department output answer priority group abteilung département departamento dipartimento afdeling bölüm osztaly
    priorität priorité prioridad priorità öncelik gruppe groupe grupo gruppo bereich severity status
    """.split()
)
SCORES = tuple(
    """
    score scores rating ratings grade similarity complexity stars star rate points quality bewertung sterne note punkte
    punktzahl étoiles puntuación calificación estrellas nota voto valutazione puan yildiz ocena оценка 评分 星级 評価
    """.split()
)
# Columns that name somebody, as the one who wrote, handled or labelled the row.
PERSONS = tuple(
    """
    agent annotator annotators annotated_by labeler labeller rater coder reviewer reviewed_by author user username
    user_id user_name customer client owner assignee assigned_to operator employee worker worker_id workerid person created_by
    updated_by completed_by name first_name last_name sender speaker bearbeiter bearbeiterin mitarbeiter sachbearbeiter
    kunde autor autorin auteur utilisateur employé conseiller agente usuario empleado cliente operatore utente
    operateur medewerker klant gebruiker temsilci görevli müşteri kullanici çalişan ügyintéző felhasználó pracownik klient
    обработчик сотрудник автор 作者 客服 用户 担当者
    """.split()
)
# Columns about the row rather than about its text.
METADATA = tuple(
    """
    lang language locale source url link split license version dataset model year month day date time timestamp
    created created_at updated_at modified lead_time id uuid index row nr no number file filename path country
    channel device platform sprache quelle datum zeit jahr langue idioma lingua fecha fuente origen dil tarih nyelv
    dátum дата 日期 语言 来源 land kanal gerät plattform datei nummer stadt ort region city place pays canal país paese kraj
    ország ülke страна 国家 渠道 batch session annotation_id custom_id method view_id input_hash task_hash pos
    """.split()
)
REQUESTS = tuple(
    """
    instruction prompt question query request task user problem input source frage anfrage aufforderung anweisung
    aufgabe pregunta consulta instrucción solicitud demande requête consigne domanda richiesta istruzione pergunta
    instrução vraag verzoek soru istek talimat kérdés pytanie polecenie otázka вопрос запрос инструкция 问题 提问 指令
    質問 指示 질문 article artikel document dialogue passage src source_text original en input_text kysymys spørgsmål fråga
    spørsmål întrebare ερώτηση питання pertanyaan คำถาม câu_hỏi प्रश्न שאלה سؤال سوال complaint inquiry enquiry
    """.split()
)
ANSWERS = tuple(
    """
    output response answer completion target reply assistant solution chosen summary antwort lösung respuesta
    contestación solución réponse reponse risposta soluzione resposta antwoord cevap yanit válasz odpowiedź odpověď
    ответ решение 回答 答案 回复 応答 답변 highlights correct_answer best_answer zusammenfassung résumé resumen tgt
    target_text translation übersetzung traduction rewrite correction output_text vastaus svar răspuns απάντηση відповідь
    jawaban คำตอบ trả_lời câu_trả_lời उत्तर תשובה جواب إجابة پاسخ
    """.split()
)
# Parts of such names: “customer_message”, “Company reply”.
ASKING_PARTS = tuple(
    "question questions request customer client user kunde cliente frage pregunta demande inquiry complaint ticket".split()
)
ANSWERING_PARTS = tuple("answer reply response agent assistant antwort respuesta réponse risposta solution".split())
# Earlier rounds beside a request and its answer.
HISTORIES = ("history", "chat_history", "dialogue_history", "conversation_history", "verlauf", "historial")
# What stands above a text and belongs to it.
TITLES = ("title", "titel", "titre", "titulo", "titolo", "headline", "heading", "chapter", "section", "name")
