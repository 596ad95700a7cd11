"""The English words by which a task says what it wants; each table is read in one place of ``outcomes.py``."""

from __future__ import annotations

FILLERS = frozenset(
    "please pls kindly hi hello hey ok okay so now then also just first firstly second finally next well and but or"
    " quickly briefly carefully thoroughly maybe perhaps actually , & +".split()
)
"""Words at the head of a clause that say nothing about it."""

QUESTION_WORDS = frozenset(
    "why what which who whose whom how what's who's how's why's whats where where's when whether".split()
)
SUBORDINATE = QUESTION_WORDS | {"if", "that", "who", "which"}
ADVERBIAL = frozenset({"when", "where", "whether"})
"""Question words that also begin what is no question: "When the user logs out, clear the cache"."""
AUXILIARIES = frozenset(
    "is are was were am do does did has have had should would will can could may might must shall isn't aren't wasn't"
    " weren't don't doesn't didn't hasn't haven't shouldn't wouldn't won't can't couldn't".split()
)
PRONOUNS = frozenset("i you we he she it they there this that these those any anybody anyone someone our my".split())
OBLIGATION = frozenset({"should", "must", "ought", "needs", "need", "shall", "shouldn't", "mustn't"})

SUGGESTIONS = (
    *(("how", "about"), ("what", "about"), ("why", "not"), ("why", "don't", "we"), ("why", "don't", "you")),
    *(("why", "do", "we", "not"), ("why", "do", "you", "not"), ("what", "if", "we"), ("let's",), ("lets",)),
    *(("let", "us"), ("shall", "we"), ("isn't", "it", "time"), ("shouldn't", "we"), ("couldn't", "we")),
    *(("can't", "we"), ("can't", "you"), ("would", "it", "not"), ("wouldn't", "it"), ("is", "it", "possible")),
    *(("would", "it", "be", "possible"), ("would", "you", "mind"), ("do", "you", "mind"), ("any", "chance")),
    *(
        ("what", "i", "want", "is"),
        ("what", "i", "need", "is"),
        ("what", "we", "want", "is"),
        ("what", "we", "need", "is"),
    ),
    *(("who", "wants", "to"), ("does", "anyone"), ("does", "anybody")),
    *(("is", "there", "any", "chance"), ("is", "it", "time"), ("could", "it", "be", "possible")),
)
"""A question in form, and a wish in meaning."""

REQUESTS = (
    *(("can", "you"), ("could", "you"), ("would", "you"), ("will", "you"), ("can", "we"), ("could", "we")),
    *(("can", "someone"), ("could", "someone"), ("can", "somebody"), ("could", "somebody"), ("can", "anyone")),
    *(("i", "want", "you", "to"), ("i'd", "like", "you", "to"), ("i", "would", "like", "you", "to")),
    *(("i", "need", "you", "to"), ("i", "want", "to"), ("i'd", "like", "to"), ("i", "would", "like", "to")),
    *(("i", "need", "to"), ("we", "need", "to"), ("we", "want", "to"), ("we'd", "like", "to"), ("we", "have", "to")),
    *(
        (
            "we",
            "should",
        ),
        ("we", "must"),
        ("you", "should"),
        ("you", "can"),
        ("help", "me"),
        ("help", "us"),
    ),
    *(("help", "me", "to"), ("help", "us", "to"), ("your", "task", "is", "to"), ("the", "goal", "is", "to")),
    *(
        ("try", "to"),
        ("make", "sure", "to"),
        ("go", "ahead", "and"),
        ("go", "through", "it", "and"),
        ("feel", "free", "to"),
    ),
)
"""What follows says what is wanted."""

LEARN = frozenset("know understand see learn hear find get".split())
"""After "I want to": with a question word behind it, an answer is wanted."""

WISHES = (
    *(("i", "want"), ("i", "need"), ("i'd", "like"), ("i", "would", "like"), ("i", "wish"), ("we", "want")),
    *(("we", "need"), ("we'd", "like"), ("we", "would", "like"), ("it", "would", "be", "nice"), ("users", "want")),
    *(("it", "would", "be", "good"), ("it", "would", "be", "great"), ("would", "be", "nice"), ("feature", "request")),
)

STRONG = frozenset(
    "analyze analyse explain review audit assess investigate diagnose critique triage summarize summarise evaluate"
    " examine inspect study research discuss".split()
)
"""Verbs at the head of a clause that ask for an answer, unless the clause says otherwise."""
OFTEN_OF_PROGRAMS = frozenset("summarize summarise evaluate examine inspect study research discuss look".split())
"""Strong verbs that programs are told as well: "evaluate the condition once"; they need more than "the" behind them."""
STRONG_PHRASES = (
    *(("find", "out"), ("figure", "out"), ("look", "into"), ("look", "at"), ("look", "over"), ("take", "a", "look")),
    *(("have", "a", "look"), ("let", "me", "know"), ("let", "us", "know"), ("walk", "me", "through"), ("go", "over")),
    *(("walk", "us", "through"), ("think", "about"), ("teach", "me"), ("tell", "me"), ("tell", "us"), ("remind", "me")),
    *(("give", "me", "your", "opinion"), ("i", "wonder"), ("i'm", "wondering"), ("i", "am", "wondering")),
    *(("dig", "into"), ("reason", "about"), ("talk", "me", "through"), ("work", "out"), ("enlighten", "me")),
)
DETERMINERS = frozenset(
    "the a an our my your this these that those its their all both some any existing current last latest recent whole"
    " entire how".split()
)
"""What begins the object of an analysis; a bare noun ("explain errors") is rather what a program is to explain."""
GIVE = (
    *(("give", "me"), ("give", "us"), ("show", "me"), ("show", "us"), ("send", "me"), ("write", "me"), ("do",)),
    *(("perform",), ("conduct",), ("carry", "out"), ("run",), ("make", "me"), ("write", "us"), ("provide",), ("give",)),
    *(("prepare", "me"), ("draft", "me"), ("i", "need"), ("i", "want"), ("i'd", "like"), ("we", "need"), ("get", "me")),
)
"""With an answer behind them ("an overview") they ask for it."""
ANSWERS = frozenset(
    "overview summary explanation list analysis comparison assessment review audit estimate opinion idea walkthrough"
    " evaluation inventory breakdown recommendation recommendations description report diagnosis investigation"
    " model advice rundown recap outline description".split()
)
"""What an answer is called, where one is asked for."""

WEAK = frozenset(
    "check verify validate list show find search count compare describe identify measure report rate estimate name"
    " read scan detect determine profile rank benchmark locate enumerate suggest propose say tell consider judge map"
    " clarify justify interpret brainstorm outline recommend ponder understand"
    " trace note highlight quantify spot see confirm predict calculate double-check cross-check grep".split()
)
"""Verbs that ask for an answer where their object is the code base itself; else a program is to do it."""
PEOPLE = frozenset(
    "user users user's users' customer customers customer's visitor visitors visitor's"
    " uploaded submitted incoming entered selected".split()
)
"""Of whom, and of what, one speaks who describes what a program is to do."""
PLACING = frozenset({"in", "on", "to", "at", "with", "as", "into"})
SHOWING = frozenset("show list report name say highlight note count search display quantify".split())
"""Weak verbs that also say what a program is to show: "show which user is typing"."""
THINGS = frozenset(
    "codebase code-base code repo repository modules packages dependencies tests suite coverage architecture commits"
    " branch diff pr bugs vulnerabilities vulnerability weaknesses flaws todo todos fixmes functions endpoints"
    " bottlenecks bottleneck usages callers refactorings smells antipatterns readability complexity docs documentation"
    " readme implementation hotspots regressions regression duplication inconsistencies us me changelog".split()
)
"""What is spoken about when a code base is: the object of a weak verb that asks for an answer."""
THINGS_OF_ANY = frozenset(
    "project projects dependency design structure commit changes fixes fix issues issue problems risks places classes"
    " files usage differences steps licences licenses license licence style flow path paths improvements violations"
    " options alternatives approaches reasons reason cause causes gaps quality solution solutions clients libraries"
    " frameworks duplicates effort secrets conventions consumers tables routes variables deviations incident plan"
    " overview code_paths imports errors warnings logs settings queries parts rules types names".split()
)
"""Things that programs have to do with as well: they count behind "our", "all", "the" alone."""
MEASURABLE = frozenset("design structure quality effort differences steps style reasons".split())
"""Things that count where they are of something, too."""
POINTING = frozenset("our this these those all any my your both existing current which two possible".split())

MARKS = (
    *(("instead", "of"), ("before",), ("after",), ("when",), ("while",), ("whenever",), ("unless",), ("until",)),
    *(("by", "default"), ("above",), ("below",), ("next", "to"), ("in", "constant", "time"), ("newest", "first")),
    *(("automatically",), ("without", "regard"), ("each",), ("every",), ("so", "that"), ("at", "startup")),
    *(
        ("to", "users"),
        ("to", "the", "user"),
        ("to", "the", "users"),
        ("to", "customers"),
        ("for", "users"),
        ("to", "visitors"),
    ),
    *(("on", "the", "dashboard"), ("periodically",), ("nightly",), ("on", "startup"), ("at", "runtime")),
)
"""Words of one who describes how a program is to behave."""
SURFACES = frozenset(
    "header footer sidebar page dashboard screen menu button dialog tooltip modal form column row popup toolbar"
    " banner toast settings profile cart checkout inbox navbar tab view widget log logs metrics status-bar title"
    " editor console terminal prompt cli email notification notifications output".split()
)
"""Where a program shows something: behind "in the", "on the" it says where to build."""
COMPOUNDS = SURFACES | frozenset(
    "trail trails command endpoint screen field icon link mode option history event events form forms queue service"
    " widget table flag step job worker function feature marks mark mode email status stage state".split()
)
"""Behind an analysing word these make a name of it: the review page, the audit log."""
DESTINATIONS = ("in", "into", "to", "under", "inside")
DOCUMENT_NAMES = frozenset(
    "readme changelog docs docs/ wiki comment comments docstring docstrings file document".split()
)

CHANGES = frozenset(
    "add fix implement create write build make change update upgrade downgrade remove delete drop rename refactor"
    " extract move split merge replace rewrite convert migrate port introduce improve optimize optimise speed reduce"
    " increase decrease raise lower simplify clean cleanup tidy mend repair correct resolve solve patch enable disable"
    " turn switch set configure install uninstall integrate support allow prevent forbid refuse reject accept handle"
    " catch throw escape sanitize sanitise encrypt hash hide display render translate localize document annotate"
    " comment type format reformat lint bump pin unpin generate produce prepare deploy release publish commit push"
    " revert undo restore apply adapt adjust align extend expand shorten inline deduplicate dedupe unify consolidate"
    " modernize modernise restructure reorganize reorganise rework redesign redo cache store save persist log record"
    " emit send return respond call use stop start restart retry throttle limit cap protect secure harden cover test"
    " boost complete finish continue connect wire hook expose hide include exclude ignore skip sort filter group"
    " paginate parse serialize validate? insert append prepend put place bring get rid strip trim normalize normalise"
    " rotate scaffold bootstrap setup initialize init register unregister substitute swap transform turn reset clear"
    " fill populate seed import export load ship mock stub parametrize parameterize vectorize parallelize lock unlock"
    " deprecate isolate decouple abstract encapsulate wrap unwrap invert toggle override style color colour center"
    " centre fix-up address tackle close eliminate avoid ensure enforce tighten loosen relax"
    " break squash rebase".split()
) - {"validate?"}
"""Verbs of change, as they stand in an order."""
GERUNDS = frozenset("adding fixing writing changing removing replacing rewriting implementing moving updating".split())
HOW_TO = frozenset(
    "how way ways steps step needed required necessary what where whether plan planned going want wants effort takes"
    " take possible options option order it easy hard difficult trying used able".split()
)
"""Before "to fix": then the change is spoken about."""
CONJUNCTIONS = frozenset({"and", "then", ",", "&", "+", "or", "plus", "also", "but", "afterwards"})
BETWEEN = frozenset("then also please if needed necessary possible when where required afterwards finally".split())
"""What may stand between "and" and the verb."""

NO_CHANGE = (
    *("change nothing", "changing nothing", "change anything", "changing anything", "modify anything"),
    *("modifying anything", "edit anything", "editing anything", "touch anything", "touching anything"),
    *("write any code", "writing any code", "write code", "writing code", "change any code", "changing any code"),
    *("change the code", "changing the code", "make any changes", "making any changes", "make changes"),
    *("making changes", "modify any files", "edit any files", "change any files", "modify the code", "edit the code"),
    *("fix anything", "fixing anything", "fix it", "fixing it", "fix them", "implement anything", "implement it"),
    *("making them", "doing it", "changing it", "changing them", "make any edits", "making any edits"),
)
"""Behind "do not", "don't", "without": nobody is to write."""
NO_CHANGE_ALONE = (
    *(
        "no code yet",
        "no changes",
        "no code changes",
        "no change",
        "read only",
        "read-only",
        "nothing is to be changed",
    ),
    *("no edits", "no code", "change nothing", "nothing should be changed", "nothing is to change", "just a question"),
    *(
        "only a question",
        "nothing should change",
        "a question only",
        "quick question",
        "question only",
        "for now no code",
    ),
    *("no modifications", "nothing needs to be changed", "leave everything as it is", "leave the code as it is"),
)
"""By themselves they say the same; the clause says nothing else."""
NEGATIONS = ("do not", "don't", "dont", "without", "never", "not yet", "no need to", "please don't", "not")

NAMED_ANALYSES = frozenset("review audit analysis assessment triage evaluation investigation".split())
"""The last word of a short task without a verb: "architecture review"."""
ANALYSED = frozenset(
    "architecture security code design bug issue performance quality dependency dependencies license licence test"
    " coverage api documentation docs risk accessibility database threat privacy compliance codebase cost root cause"
    " gap impact static deep dive full complete peer memory usage crash incident failure log general short".split()
)
