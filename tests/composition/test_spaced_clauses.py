"""Clauses of languages with spaces are read by beginnings of words, wherever their verb stands."""

from __future__ import annotations

from orchestrator.composition.outcomes import Outcome, read_outcome

CHANGES = (
    "Füge eine Suche hinzu",
    "Wenn der Nutzer sich abmeldet, leere den Cache",
    "Zeige den Namen im Kopf der Seite",
    "Der Login ist kaputt",
    "Kannst du prüfen, warum der Test rot ist, und ihn reparieren?",
    "Warum ist der Test rot? Repariere ihn",
    "Analysiere den Fehler und behebe ihn",
    "Was der Nutzer eingibt, soll gespeichert werden",
    "Lass uns auf PostgreSQL umsteigen",
    "Geht das auch schneller?",
    "Ce bouton ne marche pas",
    "Montre le nom de l'utilisateur dans l'en-tête",
    "Quand l'utilisateur se déconnecte, vide le cache",
    "Explique chaque option dans l'aide",
    "Le formulaire doit valider l'adresse",
    "Analyse le bug et corrige-le",
    "Muestra el nombre del usuario en la cabecera",
    "¿Puedes arreglar el error de inicio de sesión?",
    "¿Se puede añadir un modo oscuro?",
    "Cuando el usuario cierra sesión, limpia la caché",
    "Analiza el fallo y arréglalo",
    "O botão de salvar não funciona, pode corrigir?",
    "Quando o usuário sair, limpe o cache",
    "Il pulsante non funziona",
    "Puoi aggiungere un test?",
    "Kun je de test repareren?",
    "Почини тест",
    "Можно ли добавить тёмную тему?",
    "Когда пользователь выходит, очищай кэш",
    "Проверь код и исправь ошибки",
    "Не хватает тестов для модуля оплаты",
    "Hatayı incele ve düzelt",
    "Lägg till en sökruta",
    "Varför fungerar inte inloggningen? Laga den",
    "Додай пошук",
    "Como usuario quiero ver mi historial",
    "Wie besprochen: bau den Export ein",
    "Explique les erreurs aux utilisateurs",
    "Erkläre Nutzern den Fehler",
    "Was der Nutzer sieht, ist veraltet",
)
ANSWERS = (
    "Wie funktioniert der Login?",
    "Was macht die Funktion parse?",
    "Erkläre die Architektur",
    "Welche Tests sind langsam?",
    "Finde heraus, warum der Build fehlschlägt",
    "Comment fonctionne le cache ?",
    "Explique l'architecture du projet",
    "Quels tests sont lents ?",
    "¿Cómo funciona la caché?",
    "Explica la arquitectura del proyecto",
    "Spiega come funziona il login",
    "Como funciona o login?",
    "Explique a arquitetura",
    "Hoe werkt de login?",
    "Leg uit hoe de cache werkt",
    "Jak działa logowanie?",
    "Wyjaśnij architekturę",
    "Как работает вход?",
    "Проанализируй архитектуру проекта",
    "Giriş nasıl çalışıyor?",
    "Mimariyi açıkla",
)


def test_whatever_asks_for_a_change_or_leaves_a_doubt_is_a_change() -> None:
    assert [task for task in CHANGES if read_outcome(task).outcome is not Outcome.CHANGE] == []


def test_a_question_or_an_analysis_alone_is_an_answer() -> None:
    assert [task for task in ANSWERS if read_outcome(task).outcome is not Outcome.ANSWER] == []
