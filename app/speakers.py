"""Who speaks in a conversation, as files write it in many languages, and the side of the conversation that it is."""

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"
# As it is written beside a message, in small letters.
ROLES = {
    "system": SYSTEM,
    "developer": SYSTEM,
    **dict.fromkeys(
        """
        user human prompter customer client kunde kundin cliente klant müşteri musteri klient ügyfél клиент 客户 student
        patient patientin caller anrufer seeker interviewer guest visitor shopper usuario utilisateur benutzer nutzer
        utente gebruiker kullanici пользователь 用户 ユーザー me
        """.split(),
        USER,
    ),
    **dict.fromkeys(
        """
        assistant gpt chatgpt bot chatbot model ai bing bard claude gemini llama agent operator support tutor doctor
        therapist counselor counsellor advisor expert helper supporter seller clerk interviewee teacher bearbeiter
        bearbeiterin berater beraterin mitarbeiter mitarbeiterin agente asistente assistente assistent asistan conseiller
        conseillère operatore medewerker temsilci konsultant ассистент оператор 客服 助手 アシスタント
        """.split(),
        ASSISTANT,
    ),
}
# Words before a question or a task, and before its answer; with and without accents.
ASKING = tuple(
    """
    q question frage f pregunta domanda pergunta vraag soru kérdés kerdes pytanie otázka otazka spørgsmål sporsmal fråga
    fraga kysymys вопрос 问题 问 質問 問 질문 instruction anweisung aufgabe befehl instrucción instruccion consigne istruzione
    instrução instrucao prompt request query инструкция 指令 指示
    """.split()
)
ANSWERING = tuple(
    """
    a answer antwort respuesta réponse reponse risposta resposta antwoord cevap válasz valasz odpowiedź odpowiedz odpověď
    odpoved svar vastaus ответ 回答 答案 答 回复 응답 답변 response reply output completion
    """.split()
)
