"""The words by which a task in another language says what it wants.

A row of a table is a beginning of a word (``stem``), so that endings need no rows; phrases are matched as they stand.
A language that is not here is no obstacle: its tasks count as changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.value_class import value_class


@value_class
class Language:
    """One language whose words are separated by spaces."""

    name: str
    common: frozenset[str]
    """Words that tell the language."""
    fillers: frozenset[str]
    questions: tuple[str, ...]
    """Phrases that begin a question."""
    asked: tuple[str, ...]
    """Phrases that begin one only where a question mark ends it."""
    suggestions: tuple[str, ...]
    requests: tuple[str, ...]
    strong: tuple[str, ...]
    """Stems of verbs that ask for an answer."""
    weak: tuple[str, ...]
    """Stems of verbs that do so where their object is the code base."""
    marks: tuple[str, ...]
    """Words of one who describes how a program is to behave."""
    changes: tuple[str, ...]
    """Stems of verbs of change."""
    subordinate: frozenset[str]
    conjunctions: frozenset[str]
    no_change: tuple[str, ...]
    analyses: tuple[str, ...] = ()
    """Nouns that name an analysis."""
    verb_last: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


CODE = _list(
    "code|quell|repo|modul|modül|abhängig|dépendanc|dependenc|dependênc|dipendenz|afhankel|zależno|bağımlılık|test|prueba"
    "|architekt|architect|arquitec|arquitet|architett|mimari|commit|branch|rama|ramo|gałę|bug|schwachstelle|faille|vulnér"
    "|vulnerab|kwetsba|podatno|todo|códi|kod|repozytor|doku|documentation|documentación|documentação|documentazione"
    "|documentatie|dokumentacj|depo|код|модул|зависим|тест|архитект|ветк|коммит|баг|уязвим|репозитор|документац"
)
"""Beginnings of the words for a code base and its parts, in all these languages: what an analysis is of.

Files, errors, projects and the like are left out: programs have to do with them as well.
"""

GERMAN = Language(
    name="German",
    common=_words(
        "der die das den dem des ein eine einen einer eines und oder nicht ist sind wird werden wie warum wieso welche"
        " welcher welches wo wann wer was bitte ich wir du mir uns im vom zum zur für mit auf von bei nach über unter"
        " alle kannst könntest gibt es man ob dass wenn mach behebe füge prüfe erkläre analysiere zeige liste"
        " schreibe ergänze entferne lösche korrigiere benenne ändere aktualisiere erstelle verbessere teste"
        " beschreibe untersuche vergleiche finde suche implementiere baue"
    ),
    fillers=_words("bitte mal doch hallo also nun jetzt dann zuerst danach und kurz einmal , &"),
    questions=_list(
        "warum|wieso|weshalb|wozu|wie|wo|woher|wohin|wer|wen|wem|wessen|welche|welcher|welches|welchen|was|wann"
        "|wie viele|inwiefern|womit|wodurch|worin"
    ),
    asked=_list(
        "ist|sind|war|waren|gibt es|hat|haben|darf|muss|soll|sollte|sollten|sollen|wird|werden|wurde|lohnt|stimmt"
        "|funktioniert|verwenden|nutzen|läuft|passt|reicht|liegt|hängt"
    ),
    suggestions=_list(
        "warum nicht|wieso nicht|was hältst du|wie wäre es|wie wär's|was hältst du davon|lass uns|lasst uns"
        "|ist es möglich|wäre es möglich"
    ),
    requests=_list(
        "kannst du|könntest du|können wir|könnten wir|kann man|könnte man|würdest du|können sie|könnten sie|ich möchte"
        "|ich will|ich hätte gern|wir brauchen|wir möchten|wir wollen|ich brauche|wir sollten|du sollst|es sollte"
        "|kann jemand|könnte jemand|wir müssen"
    ),
    strong=_list(
        "erklär|erläuter|analysier|untersuch|fass|bewert|begutacht|beurteil|schildere|beantwort"
        "|sag mir|sag uns|zeig mir"
        "|zeige mir|zeig uns|gib mir|gib einen überblick|finde heraus|find heraus|schau dir|sieh dir|schätze|nenn mir"
        "|nenne mir|überleg|diskutier|ermittle|auditier|erzähl"
    ),
    weak=_list(
        "prüf|überprüf|zeig|list|such|find|vergleich|beschreib|zähl|mess|miss|nenn|kontrollier|lies|identifizier|schau"
    ),
    marks=_list("bevor|nachdem|wenn|statt|anstatt|jede|jeder|jedes|jeden|jedem|sobald|solange|automatisch|beim|damit"),
    changes=_list(
        "beheb|behob|reparier|füg|hinzu|einfüg|ergänz|erweiter|entfern|lösch|änder|aktualisier"
        "|erstell|schreib|verbesser"
        "|bau|einbau|einzubau|umbau|implementier|refaktor|refactor|benenn|umbenenn|umzubenenn"
        "|verschieb|ersetz|korrigier|mach"
        "|beschleunig|optimier|vereinfach|dokumentier|stell|teil|aufteil|extrahier|migrier|portier|übersetz|sorg|setz"
        "|sicher ab|absicher|abzusicher|schütz|verhinder|führ|einführ|einzuführ|richt|einricht|räum|aufräum|bereinig"
        "|lass|zieh|pass|anpass|anzupass|aktivier|deaktivier|hebe|generier|erzeug|leg|anleg"
        "|anzuleg|speicher|protokollier"
        "|unterstütz|ermöglich|erhöh|senk|reduzier|verkürz|sortier|filter|deck|nimm|bereit"
        "|vorbereit|tausch|veröffentlich"
        "|streich|lös|kürz|stopf|schließ|zeige an|anzeig|anzuzeig|escap|hash|verschlüssel"
        "|installier|konfigurier|integrier"
    ),
    subordinate=_words("wie warum wieso weshalb wo was wer welche welcher welches welchen ob wann wozu dass woher"),
    conjunctions=_words("und dann anschließend , danach sowie"),
    no_change=_list(
        "ohne etwas zu ändern|ändere nichts|nichts ändern|keine änderungen|ohne änderungen|ohne code zu schreiben"
        "|noch kein code|keinen code schreiben|nur eine frage|ändere dabei nichts|ohne sie zu beheben|nichts verändern"
    ),
    analyses=_list("analyse|überprüfung|prüfung|review|audit|bewertung|begutachtung"),
)

FRENCH = Language(
    name="French",
    common=_words(
        "le la les l un une des du de d et ou est sont pas ne dans pour avec sur par ce cette ces mon notre nos je nous"
        " tu vous il elle que qui quoi pourquoi comment combien où quand quel quelle quels quelles peux-tu pouvez-vous"
        " corrige ajoute explique vérifie supprime mets écris analyse montre liste au aux s'il s'il est-ce c'est"
        " fais crée améliore renomme remplace peux pourrais-tu"
    ),
    fillers=_words("s'il te vous plaît plait stp svp merci bonjour alors puis ensuite d'abord et , &"),
    questions=_list(
        "pourquoi|comment|combien|où|qui|que|qu'est-ce|quel|quelle|quels|quelles|à quoi|de quoi|d'où|est-ce que"
        "|est-ce qu'|qu'"
    ),
    asked=_list("est-ce|y a-t-il|existe-t-il|faut-il|doit-on|devrions-nous|avons-nous|est-il|sait-on|a-t-on|c'est"),
    suggestions=_list(
        "pourquoi ne pas|que diriez-vous|que dirais-tu|qu'en dis-tu|et si|si on|si nous|peut-on|pourrait-on"
        "|est-il possible"
    ),
    requests=_list(
        "peux-tu|pouvez-vous|pourrais-tu|pourriez-vous|peut-on|pouvons-nous|tu peux|tu pourrais|j'aimerais|je voudrais"
        "|je veux|nous voulons|il faut|il faudrait|nous avons besoin|j'ai besoin|on devrait|nous devons|on doit"
        "|est-ce que tu peux|est-ce que vous pouvez|est-il possible"
    ),
    strong=_list(
        "expliqu|analys|résum|évalu|examin|étudi|dis-moi|dites-moi|montre-moi|montrez-moi"
        "|donne-moi|donnez-moi|indique-moi"
        "|enquêt|audit|regarde|jette un|passe en revue|fais une revue|fais un audit"
        "|fais une analyse|décris-moi|clarifi|raconte"
    ),
    weak=_list(
        "vérifi|list|montr|trouv|cherch|compar|décri|compt|mesur|identifi|contrôl|relis|révis|énumèr|estim|lis|recherch"
    ),
    marks=_list("avant|après|lorsque|quand|au lieu|chaque|dès que|automatiquement|afin|pour que|si|tant que"),
    changes=_list(
        "corrig|ajout|supprim|mets|mettre|mettez|écri|modifi|chang|implément|crée|créer|améli"
        "|refactor|remani|renomm|déplac"
        "|remplac|réécri|optimis|accélér|simplifi|document|extrai|sépar|divis|migr|port|tradui"
        "|rend|réduis|réduire|réduisez"
        "|augment|empêch|protèg|sécuris|gér|gèr|répar|résou|résoud|nettoi|nettoy|activ|désactiv"
        "|fais en sorte|enlèv|enlev|retir|génér"
        "|enregistr|affich|tri|filtr|convert|unifi|install|configur|intègr|intégr|publi|prépar"
        "|couvr|bascul|utilis|refais"
        "|étend|passer|fusionn|restructur|limit|valid|permet|assur|traite|autoris|interdi|baiss|chiffr|mettons"
    ),
    subordinate=_words("comment pourquoi où que qui quel quelle quels quelles quand si combien ce pour à"),
    conjunctions=_words("et puis ensuite , ainsi"),
    no_change=_list(
        "sans rien changer|sans rien modifier|ne change rien|ne modifie rien|ne changez rien"
        "|ne modifiez rien|sans modifier le code"
        "|aucune modification|pas de code|sans écrire de code|juste une question|sans les corriger|sans toucher au code"
    ),
    analyses=_list("revue|audit|analyse|évaluation"),
)

SPANISH = Language(
    name="Spanish",
    common=_words(
        "el la los las un una unos unas y o de del en para con por que qué cómo cuál cuáles dónde cuándo quién cuántos"
        " cuántas no es son está están al se lo mi nuestro nuestra puedes podrías añade agrega corrige explica revisa"
        " arregla elimina escribe analiza muestra crea mejora hay hace falla todos todas haz como pruebas código"
    ),
    fillers=_words("por favor hola ahora luego después primero y , & porfa"),
    questions=_list(
        "por qué|qué|cómo|cuál|cuáles|dónde|cuándo|quién|quiénes|cuánto|cuánta|cuántos|cuántas"
        "|para qué|de qué|en qué|con qué"
    ),
    asked=_list("hay|es|está|son|están|existe|existen|tiene|tienen|deberíamos|funciona|sirve|usa|usamos|conviene"),
    suggestions=_list("por qué no|qué tal|qué te parece|y si|qué tal si|se puede|se podría|es posible|sería posible"),
    requests=_list(
        "puedes|podrías|puede|podría|podemos|podríamos|me puedes|quiero|quisiera|me gustaría|necesito|necesitamos"
        "|queremos|hay que|debes|debemos|tienes que|es posible|sería posible"
    ),
    strong=_list(
        "explic|explíc|analiz|analic|resum|evalú|evalu|examin|estudi|investig|dime|díme|muéstrame"
        "|dame|cuéntame|indícame|audit|aclara"
        "|averigu|echa un vistazo|haz una revisión|haz un análisis|haz una auditoría|describe me|opina"
    ),
    weak=_list(
        "revis|verific|comprueb|comprob|list|muestr|mostr|encuentr|encontr|busc|compar|describ"
        "|cuent|mid|identific|enumer|estim|lee|señal|chequea|valid"
    ),
    marks=_list("antes|después|cuando|en lugar|en vez|cada|automáticamente|para que|si|mientras|hasta"),
    changes=_list(
        "añad|agreg|corrig|corrij|corregir|arregl|elimin|borr|quit|escrib|modific|cambi|implement"
        "|cre|mejor|refactor|renombr|mueve|mover"
        "|reemplaz|sustitu|reescrib|optimiz|acelera|simplific|document|extrae|extraer|separ|divid"
        "|migr|port|traduc|reduc|reduz|aument|evit|proteg|protej"
        "|asegur|repar|resuelv|resolv|limpi|activ|desactiv|haz|hacer|hag|pon|poner|generar|genera"
        "|guard|registr|orden|filtr|conviert|convert|unific|instal|configur|integr"
        "|public|prepar|cubr|us|incluy|limit|permit|prohíb|manej|trata|actualiz|aplic|cifr|soport"
        "|completa|soluciona|incorpor|amplía"
    ),
    subordinate=_words("cómo qué por dónde cuándo quién cuál cuáles si que para"),
    conjunctions=_words("y luego después , e además"),
    no_change=_list(
        "sin cambiar nada|no cambies nada|sin modificar nada|no modifiques nada|ningún cambio"
        "|sin cambios|sin escribir código|no escribas código|solo una pregunta|sólo una pregunta"
        "|sin corregirlos|sin tocar el código|sin modificar el código"
    ),
    analyses=_list("revisión|auditoría|análisis|evaluación"),
)

ITALIAN = Language(
    name="Italian",
    common=_words(
        "il lo la i gli le un una uno e o di del della dei delle degli nel nella per con su da che chi come perché dove"
        " quando quale quali cosa non è sono alla allo agli puoi potresti aggiungi correggi spiega rimuovi scrivi"
        " analizza mostra crea migliora funziona viene questo questa nostro nostra l all'elenco dell'utente tutti sul"
    ),
    fillers=_words("per favore ciao ora poi prima e , & perfavore"),
    questions=_list(
        "perché|perche|come|dove|chi|che cosa|cosa|quale|quali|quanto|quanti|quante|a cosa|da dove|in che modo|che"
    ),
    asked=_list("è|sono|c'è|ci sono|esiste|esistono|ha|hanno|dovremmo|funziona|conviene|usiamo"),
    suggestions=_list(
        "perché non|che ne pensi|che ne dite|e se|che ne dici|si può|si potrebbe|è possibile|sarebbe possibile"
    ),
    requests=_list(
        "puoi|potresti|può|potrebbe|possiamo|potremmo|mi puoi|voglio|vorrei|vorremmo|ho bisogno"
        "|abbiamo bisogno|serve|bisogna|dobbiamo|è possibile|devi"
    ),
    strong=_list(
        "spieg|analizz|riassum|valut|esamin|studi|indag|dimmi|mostrami|dammi|raccontami|chiarisc"
        "|fai una revisione|fai un'analisi|dai un'occhiata|scopri|descrivimi|ispezion|elencami"
    ),
    weak=_list(
        "verific|controll|elenc|mostr|trov|cerc|confront|descriv|cont|misur|identific|individu|rived|stim|legg|segnal"
    ),
    marks=_list("prima|dopo|quando|invece|ogni|automaticamente|affinché|se|finché|ogniqualvolta"),
    changes=_list(
        "aggiung|corregg|corregger|sistem|rimuov|elimin|cancella|togli|scriv|modific|cambi"
        "|implement|crea|creare|miglior|refactor|rinomin|spost|sostitu|riscriv|ottimizz|veloc"
        "|acceler|semplific|document|estra|separa|divid|suddivid|migra|port|traduc|riduc|aument"
        "|impedisc|evita|protegg|ripar|risolv|pulisc|attiv|disattiv|fai|fare|metti|mettere|genera"
        "|salva|registr|ordina|filtr|convert|unific|install|configur|integr|pubblic|prepar|copr"
        "|usa|includ|limit|permett|gestisc|tratta|aggiorn|applic|cifra|support|complet|rendi"
        "|rendere|introdu|estend"
    ),
    subordinate=_words("come perché dove chi che cosa quale quali quando se per"),
    conjunctions=_words("e poi quindi , ed inoltre"),
    no_change=_list(
        "senza cambiare nulla|senza cambiare niente|non cambiare nulla|non cambiare niente"
        "|senza modificare nulla|non modificare nulla|nessuna modifica|senza scrivere codice"
        "|non scrivere codice|solo una domanda|senza correggerli|senza toccare il codice"
        "|senza modificare il codice"
    ),
    analyses=_list("revisione|audit|analisi|valutazione"),
)

PORTUGUESE = Language(
    name="Portuguese",
    common=_words(
        "o a os as um uma e ou de do da dos das no na nos nas em para com por que quem como onde quando qual quais não"
        " é são está estão ao à pelo pela você pode poderia adicione corrija explique remova"
        " escreva analise mostre crie"
        " melhore porque quê isso este esta nosso nossa testes módulo todos faça verifique reveja"
    ),
    fillers=_words("por favor olá oi agora depois primeiro e , &"),
    questions=_list(
        "por que|por quê|porque|porquê|o que|que|como|onde|quando|quem|qual|quais|quanto|quanta"
        "|quantos|quantas|para que|de onde"
    ),
    asked=_list("há|existe|existem|é|está|são|estão|tem|têm|deveríamos|funciona|usamos|vale"),
    suggestions=_list("por que não|o que acha|que acha|e se|que tal|é possível|seria possível|dá para|daria para"),
    requests=_list(
        "você pode|você poderia|pode|poderia|podemos|poderíamos|consegue|quero|queria|gostaria"
        "|eu gostaria|preciso|precisamos|queremos|é preciso|deve|devemos|temos que|é possível"
        "|podes|poderias"
    ),
    strong=_list(
        "expli|analis|resum|avali|examin|estud|investig|diga-me|me diga|diz-me|mostre-me"
        "|me mostre|mostra-me|dê-me|me dê|dá-me|conte-me|esclare|audit|descubra|faça uma revisão"
        "|faça uma análise|dê uma olhada|opine"
    ),
    weak=_list(
        "verifi|revis|rev|confir|list|mostr|encontr|procur|busqu|busc|compar|descrev|cont|meç|med"
        "|identifi|enumer|estim|leia|cheque"
    ),
    marks=_list("antes|depois|quando|em vez|cada|automaticamente|para que|se|enquanto|até"),
    changes=_list(
        "adicion|acrescent|corrij|corrig|conserte|consert|arrum|remov|exclu|apag|elimin|tir"
        "|escrev|modifi|mud|alter|implement|cri|melhor|refator|refactor|renome|mov|substitu"
        "|reescrev|otimiz|acelere|acelera|simplifi|document|extrai|extraia|separ|divid|migr|port"
        "|traduz|reduz|aument|evit|impeç|protej|proteg|resolv|limp|ativ|desativ|faç|fazer|faz"
        "|coloqu|coloc|ponh|gere|gerar|salv|registr|orden|filtr|convert|unifi|instal|configur"
        "|integr|public|prepar|cubra|cobr|us|inclu|limit|permit|trat|atualiz|apli|criptograf"
        "|suport|complet|torn|introduz|ampli"
    ),
    subordinate=_words("como por onde quem que qual quais quando se para porque"),
    conjunctions=_words("e depois então , além"),
    no_change=_list(
        "sem mudar nada|não mude nada|sem alterar nada|não altere nada|sem modificar nada"
        "|não modifique nada|nenhuma mudança|nenhuma alteração|sem escrever código"
        "|não escreva código|só uma pergunta|apenas uma pergunta|sem corrigi-los"
        "|sem alterar o código"
    ),
    analyses=_list("revisão|auditoria|análise|avaliação"),
)

DUTCH = Language(
    name="Dutch",
    common=_words(
        "de het een en of van voor met op in bij naar niet is zijn wordt worden waarom hoe waar wanneer wie wat welke"
        " kun kunt je ik wij we alsjeblieft voeg toe verwijder herstel leg uit los schrijf maak verbeter controleer"
        " analyseer aan deze dit die onze er dat werkt"
    ),
    fillers=_words("alsjeblieft alstublieft aub graag hallo nu dan eerst en even , &"),
    questions=_list("waarom|hoe|waar|waarvoor|waardoor|wanneer|wie|wat|welke|welk|hoeveel|waarmee|waarin"),
    asked=_list("is|zijn|was|moet|moeten|mag|wordt|worden|heeft|hebben|werkt|bestaat|klopt|zit"),
    suggestions=_list("waarom niet|wat vind je van|zullen we|laten we|is het mogelijk|zou het mogelijk"),
    requests=_list(
        "kun je|kunt u|kan je|zou je|zou u|kunnen we|ik wil|ik wou|ik zou graag|we willen"
        "|we moeten|ik heb nodig|we hebben|wil je|wilt u"
    ),
    strong=_list(
        "leg uit|leg me uit|leg mij uit|leg|verklaar|analyseer|onderzoek|vat|beoordeel|evalueer"
        "|bestudeer|vertel me|vertel|laat me zien|laat zien|geef me|geef een overzicht|bekijk"
        "|kijk|zoek uit|verduidelijk|licht toe|audit"
    ),
    weak=_list(
        "controleer|toon|lijst|vind|zoek|vergelijk|beschrijf|tel|meet|noem|lees|identificeer|check|verifieer|schat|som"
    ),
    marks=_list("voordat|nadat|wanneer|als|in plaats|elke|elk|iedere|automatisch|zodra|zodat|totdat"),
    changes=_list(
        "voeg|toevoeg|toe te voegen|herstel|los|oplos|verwijder|schrijf|wijzig|verander"
        "|implementeer|maak|maken|verbeter|refactor|herschrijf|hernoem|verplaats|vervang"
        "|optimaliseer|versnel|vereenvoudig|documenteer|splits|migreer|vertaal|zorg|verminder"
        "|verlaag|verhoog|voorkom|bescherm|beveilig|repareer|ruim|schakel|zet|genereer|bewaar"
        "|sorteer|filter|converteer|installeer|configureer|integreer|publiceer|dek|gebruik"
        "|ondersteun|sta toe|werk bij|bijwerk|update|bouw|inbouw|haal|corrigeer|fix|breid"
        "|verklein|versleutel|stel|test"
    ),
    subordinate=_words("hoe waarom waar wat wie welke welk of wanneer dat"),
    conjunctions=_words("en dan vervolgens daarna , alsook"),
    no_change=_list(
        "zonder iets te wijzigen|zonder iets te veranderen|wijzig niets|verander niets"
        "|geen wijzigingen|zonder code te schrijven|schrijf geen code|alleen een vraag"
        "|nog geen code|zonder ze op te lossen"
    ),
    analyses=_list("review|audit|analyse|beoordeling|evaluatie"),
)

POLISH = Language(
    name="Polish",
    common=_words(
        "i w z na do dla nie jest są się jak dlaczego czemu gdzie kiedy kto co który która które"
        " czy proszę możesz dodaj"
        " napraw usuń wyjaśnij popraw zmień napisz przeanalizuj pokaż sprawdź stwórz tak długo modułu trwa od po przez"
        " tego ten ta te błąd błędy testy oraz"
    ),
    fillers=_words("proszę cześć teraz potem najpierw i , &"),
    questions=_list(
        "dlaczego|czemu|jak|gdzie|skąd|dokąd|kiedy|kto|co|który|która|które|którzy|czy|ile|po co"
        "|jaki|jaka|jakie|jakich|których|w jaki sposób|do czego"
    ),
    asked=_list("jest|są|istnieje|działa"),
    suggestions=_list("dlaczego nie|co powiesz na|a może|może byśmy|a gdyby"),
    requests=_list(
        "czy możesz|czy mógłbyś|czy mogłabyś|możesz|mógłbyś|mogłabyś|chcę|chciałbym|chciałabym"
        "|potrzebujemy|potrzebuję|musimy|trzeba|należy|czy możemy|czy da się|czy można"
    ),
    strong=_list(
        "wyjaśni|wytłumacz|przeanalizuj|analizuj|podsumuj|oceń|zbadaj|przejrzyj|powiedz mi"
        "|powiedz|pokaż mi|daj mi|opowiedz|ustal|dowiedz|omów|zdiagnozuj|zaudytuj"
    ),
    weak=_list(
        "sprawdź|wylistuj|wypisz|pokaż|znajdź|wyszukaj|poszukaj|porównaj|opisz|policz|zmierz"
        "|wymień|zidentyfikuj|zweryfikuj|oszacuj|przeczytaj|wskaż"
    ),
    marks=_list("zanim|przed|po|kiedy|gdy|jeśli|zamiast|każd|automatycznie|żeby|dopóki"),
    changes=_list(
        "dodaj|dodać|dodanie|napraw|usuń|usunąć|popraw|zmień|zmieni|napisz|zaimplementuj|stwórz"
        "|utwórz|ulepsz|zrefaktor|refaktor|przenieś|zastąp|przepisz|zoptymalizuj|przyspiesz"
        "|uprość|udokumentuj|wydziel|podziel|zmigruj|przetłumacz|zmniejsz|zwiększ|zapobie"
        "|zabezpiecz|rozwiąż|posprzątaj|włącz|wyłącz|zrób|ustaw|wygeneruj|zapisz|posortuj|filtruj"
        "|skonwertuj|zainstaluj|skonfiguruj|zintegruj|opublikuj|przygotuj|pokryj|użyj|obsłuż"
        "|zaktualizuj|wprowadź|ogranicz|umożliw|szyfruj|zaszyfruj|dostosuj|połącz"
    ),
    subordinate=_words("jak dlaczego czemu gdzie co kto który która które czy kiedy że skąd ile"),
    conjunctions=_words("i potem następnie , oraz a"),
    no_change=_list(
        "nic nie zmieniaj|niczego nie zmieniaj|bez zmian|bez zmieniania|nie pisz kodu"
        "|bez pisania kodu|tylko pytanie|nie modyfikuj niczego"
    ),
    analyses=_list("przegląd|audyt|analiza|ocena"),
)

RUSSIAN = Language(
    name="Russian",
    common=frozenset(),
    fillers=_words("пожалуйста привет теперь потом сначала затем и давай , &"),
    questions=_list(
        "почему|зачем|как|где|откуда|куда|когда|кто|что|какой|какая|какое|какие|каким|каких"
        "|сколько|чем|в чём|в чем|отчего|чей|какую|для чего|из-за чего|по какой"
    ),
    asked=_list("есть ли|нужно ли|стоит ли|является ли|работает ли|верно ли|правда ли|должны ли"),
    suggestions=_list("почему бы|что насчёт|как насчёт|может быть|а если|а что если|давай|давайте"),
    requests=_list(
        "можешь|можете|мог бы ты|могли бы вы|не мог бы|не могли бы|ты можешь|вы можете|хочу"
        "|хотелось бы|хотим|нужно|надо|мне нужно|нам нужно|необходимо|требуется|я хочу|мы хотим"
        "|я бы хотел|можно ли"
    ),
    strong=_list(
        "объясн|поясни|проанализируй|анализируй|расскажи|подскажи|скажи|покажи мне|дай мне"
        "|дай обзор|оцени|исследуй|изучи|резюмируй|обсуди|разбер|выясни|разъясни|опиши мне"
        "|рассмотри|узнай"
    ),
    weak=_list(
        "провер|покажи|перечисли|найди|поищи|сравни|опиши|посчитай|подсчитай|измерь|определи"
        "|назови|прочитай|посмотри|выяви|укажи|составь список"
    ),
    marks=_list("прежде|перед|после|когда|если|вместо|кажд|автоматически|чтобы|пока"),
    changes=_list(
        "исправ|добав|удал|убер|убрать|измен|поменя|напиши|написать|реализ|созда|улучш|отрефактор"
        "|рефактор|переимен|перенес|перемест|замен|перепи|оптимиз|ускор|упрост|документир"
        "|задокумент|вынес|раздел|мигрир|портир|переведи|перевести|сдела|уменьш|увелич|предотврат"
        "|защит|почин|реши|решить|очист|включ|выключ|отключ|настро|сгенерир|сохран|сортир"
        "|отсортир|фильтр|преобраз|установ|интегр|опублик|подготов|покро|использ|обработ|обнов"
        "|введи|внедр|огранич|разреш|запрет|шифр|зашифр|адаптир|объедин|поддерж|встрой|встав"
        "|дополн|закр|исключ|поправ|устран"
    ),
    subordinate=_words("как почему зачем где что кто какой какая какие когда ли откуда сколько чем"),
    conjunctions=_words("и затем потом , а также"),
    no_change=_list(
        "ничего не меняй|ничего не меняя|ничего не изменяй|не меняй ничего|без изменений"
        "|не пиши код|без написания кода|только вопрос|просто вопрос|код не меняй"
        "|ничего не исправляй"
    ),
    analyses=_list("обзор|аудит|анализ|оценка|ревью|проверка"),
)

TURKISH = Language(
    name="Turkish",
    common=_words(
        "ve bir bu şu için ile neden niçin nasıl nerede hangi kim ne mi mı mu mü lütfen ekle"
        " düzelt kaldır açıkla yaz değiştir güncelle sil incele formuna kodu hata hatayı testi"
        " testleri doğrulama çalışıyor"
    ),
    fillers=_words("lütfen merhaba şimdi önce sonra ve , &"),
    questions=_list("neden|niçin|niye|nasıl|nerede|nereden|hangi|hangisi|kim|ne zaman|kaç|ne|neler"),
    asked=(),
    suggestions=_list("neden olmasın|hadi"),
    requests=(),
    strong=_list("açıkla|anlat|analiz et|özetle|değerlendir|incele|araştır|söyle|yorumla"),
    weak=_list("kontrol et|listele|göster|bul|ara|karşılaştır|tanımla|say|ölç|doğrula|belirle"),
    marks=_list("önce|sonra|yerine|her|otomatik"),
    changes=_list(
        "ekle|düzelt|kaldır|sil|değiştir|yaz|uygula|oluştur|iyileştir|yeniden adlandır|taşı"
        "|optimize et|hızlandır|basitleştir|belgele|çıkar|böl|çevir|azalt|artır|engelle|koru|onar"
        "|çöz|temizle|etkinleştir|kapat|ayarla|üret|kaydet|sırala|filtrele|dönüştür|kur"
        "|yapılandır|entegre|yayınla|hazırla|kullan|destekle|güncelle|gider|yap|geliştir|refaktör"
        "|sınırla|şifrele|birleştir|getir"
    ),
    subordinate=_words("neden niçin nasıl nerede hangi kim"),
    conjunctions=_words("ve sonra ardından ,"),
    no_change=_list("hiçbir şeyi değiştirme|hiçbir şey değiştirme|kod yazma|sadece bir soru|değişiklik yapma"),
    analyses=_list("inceleme|analiz|denetim|değerlendirme"),
    verb_last=True,
)

BY_WORDS = (GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH, POLISH, TURKISH)
"""Languages in Latin letters: the one most of whose common words stand in the task."""


@value_class
class UnspacedLanguage:
    """A language without spaces, or with verbs that take endings: its signs are searched as they stand."""

    name: str
    questions: tuple[str, ...]
    orders: tuple[str, ...]
    """Verbs of change."""
    strong: tuple[str, ...]
    weak: tuple[str, ...]
    things: tuple[str, ...]
    marks: tuple[str, ...]
    no_change: tuple[str, ...]
    verb_last: bool
    order_forms: tuple[str, ...] = ()
    """What stands behind a verb of change in an order; empty: the verb alone is one."""
    answer_forms: tuple[str, ...] = ()
    """What ends a clause that asks for an answer, whatever verbs stand before."""


CHINESE = UnspacedLanguage(
    name="Chinese",
    questions=_list(
        "为什么|为何|怎么|怎样|如何|什么|哪些|哪个|哪里|哪儿|谁|何时|多少|几个|是否|有没有|是不是|吗|呢|為什麼|怎麼|什麼|嗎"
    ),
    orders=_list(
        "修复|修正|修改|添加|增加|新增|删除|移除|去掉|实现|编写|写一|写个|更新|升级|重构|重命名|改名|替换|改成|改为|改进|优化|提高|提升|加快|降低|减少"
        "|创建|生成|补充|完善|迁移|移动|拆分|提取|翻译|支持|处理|解决|清理|启用|禁用|设置|配置|安装|集成|发布|加上|加入|让|使|防止|避免|限制|加密|整理|统一"
        "|合并|修復|新增|刪除|實現|更新|優化|改善|调整|修补|引入|转换|简化|记录"
    ),
    strong=_list(
        "解释|说明一下|分析|总结|概述|评估|评价|审查|审计|调查|研究|告诉我|介绍|讲解|看看|看一下|诊断|讨论|讲一下|給我|给我|解釋|總結|評估"
    ),
    weak=_list("检查|列出|查找|找出|搜索|比较|描述|统计|测量|确认|验证|显示|查看|识别|对比|说明"),
    things=_list("代码|代碼|仓库|模块|依赖|测试|架构|提交|分支|漏洞|缺陷"),
    marks=_list("之前|之后|时|每个|每次|而不是|自动|当|以便"),
    no_change=_list(
        "不要修改|不修改任何|不要改动|不要改|不做修改|不用修改|无需修改|不要写代码|不写代码|只是问|只是一个问题"
    ),
    verb_last=False,
)

JAPANESE = UnspacedLanguage(
    name="Japanese",
    questions=_list(
        "なぜ|どうして|何故|何が|何を|何の|何|どこ|どの|どれ|いつ|誰|どう|いくつ|ですか|ますか|でしょうか|か？|か?|のか"
    ),
    orders=_list(
        "修正|追加|削除|変更|実装|作成|更新|改善|最適化|リファクタリング|リファクタ|移行|移動|分割|抽出|翻訳|対応|解決|整理|有効化|無効化|設定|導入|統合|公開"
        "|置換|改名|高速化|簡略化|文書化|生成|保存|表示|記録|防止|制限|暗号化|アップグレード|アップデート|リネーム"
    ),
    strong=_list(
        "説明して|分析して|要約して|まとめて|評価して|調査して|調べて|教えて|レビューして|監査して|解説して|検討して|診断して"
    ),
    weak=_list(
        "確認して|列挙して|リストアップして|探して|見つけて|比較して|検索して|チェックして|数えて|測定して|検証して"
    ),
    things=_list(
        "コード|リポジトリ|モジュール|依存|テスト|アーキテクチャ|コミット|ブランチ|脆弱性|バグ|仕組み|方法|理由|原因|違い"
    ),
    marks=_list("前に|後に|とき|時に|たびに|代わりに|自動|ごとに|ように"),
    no_change=_list("変更しないで|修正しないで|変更せず|コードは書かない|何も変えない|変更は不要|質問だけ"),
    verb_last=True,
    order_forms=_list(
        "して|しろ|せよ|してください|をお願い|お願い|したい|できますか|できない|すること|しなさい|しよう|する$|$"
    ),
    answer_forms=_list("教えて|知りたい|説明してください"),
)

KOREAN = UnspacedLanguage(
    name="Korean",
    questions=_list("왜|어떻게|무엇|뭐|무슨|어디|언제|누가|누구|어느|어떤|몇|인가요|나요|까요|습니까|입니까"),
    orders=_list(
        "수정|추가|삭제|변경|구현|작성|업데이트|개선|최적화|리팩터링|리팩토링|이동|분리|추출|번역|지원|해결|정리|활성화|비활성화|설정|설치|통합|배포|교체|생성"
        "|저장|표시|기록|방지|제한|암호화|업그레이드|고쳐|고치|만들|바꿔|바꾸|제거|넣어|없애|줄여|높여"
    ),
    strong=_list("설명해|분석해|요약해|평가해|조사해|알려|검토해|리뷰해|감사해|진단해|살펴"),
    weak=_list("확인해|나열해|찾아|검색해|비교해|보여|점검해|측정해|검증해|세어"),
    things=_list("코드|저장소|모듈|의존성|테스트|아키텍처|커밋|브랜치|취약점|버그|방법|이유|원인|차이|작동"),
    marks=_list("전에|후에|때|마다|대신|자동|도록"),
    no_change=_list("변경하지 마|수정하지 마|고치지 마|코드는 작성하지|변경 없이|수정 없이|질문만"),
    verb_last=True,
    order_forms=_list("해|하|해 주|하세요|하고|하자|합니다|바랍니다|$"),
    answer_forms=_list("알려"),
)

BY_SCRIPT: Mapping[str, UnspacedLanguage] = {"han": CHINESE, "kana": JAPANESE, "hangul": KOREAN}
