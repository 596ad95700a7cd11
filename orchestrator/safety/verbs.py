"""List which words of a program say what it is asked to do: ``pip -i URL install x`` asks pip to install.

An option that no table knows may take the next word for its value or not: both readings count, so that a verb behind it
is found.  This errs towards asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.shell.words import Word
from orchestrator.value_class import value_class

MOST_WORDS: Final = 200
"""Of one command that are looked at for its verb."""
ANY: Final = "*"
"""In a verb of several words: whatever stands there."""


@value_class
class Grammar:
    """How one program reads its words."""

    valued: frozenset[str] = frozenset()
    """Options that take the next word for their value, unless it is attached."""
    flags: frozenset[str] = frozenset()
    """Options that take none."""
    letters: frozenset[str] = frozenset()
    """Short options of one letter without a value, which may stand together: ``-qv``."""
    least: int = 0
    """So many letters of a verb are taken for it; 0: all."""


def _grammar(valued: str = "", flags: str = "", letters: str = "", least: int = 0) -> Grammar:
    return Grammar(frozenset(valued.split()), frozenset(flags.split()), frozenset(letters), least)


_PNPM = _grammar(
    "-C --dir --filter -F --filter-prod --reporter --loglevel --registry --tag --access --otp --publish-branch "
    "--store-dir --workspace-concurrency --config-dir --userconfig --changed-files-ignore-pattern",
    "--recursive --silent --stream --parallel --json --force --no-git-checks --git-checks --ignore-scripts --dry-run "
    "--workspace-root --color --no-color --aggregate-output --bail --no-bail --report-summary --provenance --help "
    "--if-present --offline --frozen-lockfile --prod --dev --no-sort --version --prefer-offline --use-stderr",
    "rswh",
)
_DOCKER = _grammar(
    "--config -c --context -H --host -l --log-level --tlscacert --tlscert --tlskey -f --file "
    "-p --project-name --profile "
    "--env-file --project-directory --ansi --progress --parallel --url --identity --connection --root --runroot "
    "--storage-driver --platform --creds --authfile --cert-dir --digestfile --format --compression-format -t --tag "
    "--build-arg --target --builder --cache-from --cache-to --label --secret --ssh --output -o --add-host --network",
    "-D --debug --tls --tlsverify --all-tags --disable-content-trust --quiet --help --version --push --load --pull "
    "--no-cache --remote --ignore-push-failures --include-deps --tls-verify --compress --insecure --purge --dry-run "
    "--verbose --rm --squash",
    "aqDhv",
)
GRAMMARS: Final[Mapping[str, Grammar]] = {
    "git": _grammar(
        "-C -c --git-dir --work-tree --namespace --exec-path --config-env --super-prefix --attr-source "
        "-o --push-option --receive-pack --exec --repo --recurse-submodules --prefix",
        "--no-pager --paginate --bare --no-replace-objects --literal-pathspecs --glob-pathspecs --noglob-pathspecs "
        "--icase-pathspecs --no-optional-locks --no-advice --no-lazy-fetch --html-path --man-path "
        "--info-path --version "
        "--help --all --branches --mirror --tags --follow-tags --delete --prune --dry-run --porcelain --force "
        "--force-with-lease --force-if-includes --no-verify --verify --quiet --verbose --progress --no-progress "
        "--set-upstream --atomic --no-atomic --thin --no-thin --ipv4 --ipv6 --signed --no-signed --no-follow-tags",
        "pPhvnfqud46",
    ),
    "npm": _grammar(
        "-C --prefix -w --workspace --registry --userconfig --cache --loglevel --tag --access --otp --globalconfig "
        "--script-shell --scope --auth-type --provenance-file --before --omit --include --install-strategy --depth "
        "--fetch-timeout --fetch-retries --maxsockets --proxy --https-proxy --noproxy --ca --cafile --node-options "
        "--init-author-name --init-license --init-version --message -m --tag-version-prefix --preid --location -L "
        "--user-agent --logs-dir --logs-max --pack-destination --diff --editor --viewer --shell --searchlimit "
        "--package --save-prefix --call -c --heading --umask --cpu --os --libc --cert --key --expect-result-count "
        "--_auth --//registry.npmjs.org/:_authToken",
        "--silent --quiet --verbose --json --long --parseable --global --force --yes --no-yes "
        "--dry-run --ignore-scripts "
        "--workspaces --no-workspaces --include-workspace-root --provenance --no-provenance --help --version --offline "
        "--prefer-offline --prefer-online --no-audit --audit --no-fund --fund --legacy-peer-deps --strict-peer-deps "
        "--no-save --save --save-dev --save-exact --save-optional --save-peer --production --color --no-color --usage "
        "--unicode --timing --no-progress --progress --package-lock-only --no-package-lock --package-lock --if-present "
        "--foreground-scripts --git-tag-version --no-git-tag-version --no-update-notifier --update-notifier --all "
        "--install-links --no-bin-links --engine-strict --read-only --strict-ssl --no-strict-ssl",
        "sqdghvnlpyfaDESBPO",
        3,
    ),
    "pip": _grammar(
        "--python --proxy --log --log-file --cache-dir --cert --client-cert --retries --timeout --exists-action "
        "--trusted-host --use-feature --use-deprecated --keyring-provider -i --index-url "
        "--pypi-url --extra-index-url -f "
        "--find-links -r --requirement -c --constraint -e --editable -t --target --platform --python-version "
        "--implementation --abi --root --prefix --src -b --build --upgrade-strategy "
        "--config-settings -C --global-option "
        "--install-option --no-binary --only-binary --progress-bar --report --root-user-action --build-constraint "
        "--group --resume-retries -d --dest -w --wheel-dir",
        "--help --debug --isolated --require-virtualenv --verbose --version --quiet --no-input "
        "--no-cache-dir --no-color "
        "--disable-pip-version-check --no-python-version-warning --upgrade --user --no-user --no-deps --pre --dry-run "
        "--no-index --force-reinstall --ignore-installed --no-build-isolation --use-pep517 --no-use-pep517 "
        "--require-hashes --no-clean --compile --no-compile --break-system-packages --no-warn-script-location "
        "--ignore-requires-python --check-build-dependencies --prefer-binary --yes --all",
        "hvqVUIy",
    ),
    "cargo": _grammar(
        "--color --config -Z -C --explain --index --registry --token --target --target-dir -p --package -F --features "
        "--manifest-path --lockfile-path -j --jobs --exclude --message-format --profile --bin --example --test --bench",
        "--help --version --list --verbose --quiet --locked --offline --frozen --dry-run --no-verify --allow-dirty "
        "--keep-going --all-features --no-default-features --workspace --all --release --no-metadata",
        "hVvqn",
    ),
    "poetry": _grammar(
        "-C --directory -P --project -r --repository -u --username -p --password --cert --client-cert --dist-dir -f",
        "--help --quiet --version --ansi --no-ansi --no-interaction --verbose --no-plugins "
        "--no-cache --build --dry-run "
        "--skip-existing",
        "hqVnv",
    ),
    "uv": _grammar(
        "--directory --project --config-file --cache-dir --color --python -p --index --default-index --index-url -i "
        "--extra-index-url --find-links -f --publish-url -u --username --password -t --token --trusted-publishing "
        "--keyring-provider --check-url --allow-insecure-host --with --group --extra --env-file "
        "--package --python-platform",
        "--quiet --verbose --help --version --no-cache --offline --no-progress --no-config --native-tls --dry-run "
        "--managed-python --no-managed-python --no-python-downloads --system --preview --no-attestations",
        "qvhVn",
    ),
    "yarn": _grammar(
        "--cwd --registry --tag --access --otp --message --new-version --mutex --network-timeout --modules-folder "
        "--cache-folder --use-yarnrc --proxy --https-proxy --loglevel",
        "--silent --json --verbose --non-interactive --no-git-tag-version --ignore-scripts --tolerate-republish --help "
        "--frozen-lockfile --production --dry-run --major --minor --patch --immutable --offline "
        "--no-progress --version",
        "shv",
    ),
    "pnpm": _PNPM,
    "bun": _grammar(
        "--cwd -c --config --registry --tag --access --otp --auth-type --gzip-level --cache-dir --filter --preload -r",
        "--silent --verbose --dry-run --no-summary --help --ignore-scripts --no-save --no-progress --force --bun",
        "hs",
    ),
    "twine": _grammar(
        "-r --repository --repository-url -s --sign-with -i --identity -u --username -p --password -c --comment "
        "--config-file --cert --client-cert",
        "--help --version --no-color --attestations --sign --non-interactive --skip-existing --verbose "
        "--disable-progress-bar",
        "h",
    ),
    "gem": _grammar(
        "--host --key -k --otp --config-file -p --http-proxy --attestation",
        "--help --version --verbose --quiet --silent --backtrace --debug --norc --no-verbose",
        "hvVq",
        3,
    ),
    "docker": _DOCKER,
    "podman": _DOCKER,
    "nerdctl": _DOCKER,
    "buildah": _DOCKER,
    "helm": _grammar(
        "-n --namespace --kubeconfig --kube-context --registry-config --repository-cache --repository-config --ca-file "
        "--cert-file --key-file --username --password",
        "--debug --help --insecure-skip-tls-verify --plain-http",
        "h",
    ),
    "gh": _grammar(
        "-R --repo --hostname -t --title -n --notes -F --notes-file --target --discussion-category --notes-start-tag "
        "--jq --template --json -p --pattern -D --dir -O --output -L --limit",
        "--help --version --draft --prerelease --latest --generate-notes --verify-tag --clobber "
        "--yes --web --cleanup-tag",
        "hdpwy",
    ),
    "mvn": _grammar(
        "-f --file -s --settings -gs --global-settings -t --toolchains -pl --projects -P "
        "--activate-profiles -T --threads "
        "-rf --resume-from -l --log-file -b --builder -D --define -e -emp -ep",
        "-B --batch-mode -q --quiet -X --debug -o --offline -U --update-snapshots -am --also-make -amd -N -ntp "
        "--no-transfer-progress -h --help -v --version -V --show-version -fae -ff -fn -nsu -cpu",
    ),
    "gradle": _grammar(
        "-p --project-dir -b --build-file -c --settings-file -g --gradle-user-home -x --exclude-task -I --init-script "
        "-P --project-prop -D --system-prop --console --warning-mode --max-workers --tests --priority --include-build",
        "--help --version --info --debug --quiet --warn --stacktrace --scan --no-scan --daemon --no-daemon --offline "
        "--parallel --no-parallel --build-cache --no-build-cache --continue --dry-run "
        "--rerun-tasks --refresh-dependencies "
        "--configuration-cache --full-stacktrace",
        "hvidqwsSm",
    ),
    "hg": _grammar(
        "-R --repository --cwd --config --encoding --encodingmode --color --pager -r --rev -B "
        "--bookmark -b --branch -e "
        "--ssh --remotecmd",
        "--noninteractive --quiet --verbose --debug --debugger --traceback --time --profile --version --help --hidden "
        "--force --new-branch --insecure",
        "yqvhf",
        3,
    ),
    "jj": _grammar(
        "-R --repository --at-operation --at-op --color --config --config-file --remote -b "
        "--bookmark -r --revisions -c "
        "--change --named",
        "--ignore-working-copy --ignore-immutable --debug --quiet --no-pager --help --all "
        "--tracked --deleted --dry-run "
        "--allow-new --allow-empty-description --allow-private",
        "hN",
    ),
    "dotnet": _grammar(
        "-s --source -k --api-key -ss --symbol-source -sk --symbol-api-key -t --timeout -c --configuration -o --output",
        "--help --diagnostics --interactive --skip-duplicate --no-symbols --force-english-output --no-service-endpoint",
        "hdn",
    ),
}
"""What the manuals of these programs say of their options, in the versions of 2025 and 2026."""
_MANY_GOALS: Final = frozenset({"mvn", "gradle", "sbt", "mix"})
_GOALS_APART: Final = late_pattern(r"[,;\s]+")
"""``mix do a, b`` and ``sbt ";a;b"`` hold several in one word."""
_NOTHING: Final = Grammar()

ALSO: Final[Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]]] = {
    ("git", "push"): (
        *(("send-pack",), ("http-push",), ("subtree", "push"), ("lfs", "push"), ("svn", "dcommit"), ("p4", "submit")),
        *(
            ("annex", "push"),
            ("annex", "sync"),
            ("flow", ANY, "publish"),
            ("imap-send",),
            ("remote-https",),
            ("remote-http",),
        ),
        *(("cvsexportcommit",), ("push-all",), ("publish",), ("review",), ("secret", "push"), ("codereview", "mail")),
    ),
    ("npm", "publish"): (("stage", "publish"),),
    ("docker", "push"): (
        *(("image", "push"), ("compose", "push"), ("manifest", "push"), ("plugin", "push"), ("trust", "sign")),
        *(("buildx", "imagetools", "create"), ("compose", "publish"), ("model", "push"), ("scout", "push")),
    ),
    ("podman", "push"): (("image", "push"), ("manifest", "push"), ("compose", "push")),
    ("nerdctl", "push"): (("image", "push"), ("compose", "push")),
    ("yarn", "publish"): (
        *(("npm", "publish"), ("workspace", ANY, "publish"), ("workspace", ANY, "npm", "publish")),
        *(("workspaces", "foreach", "npm", "publish"), ("workspaces", "foreach", "publish")),
    ),
    ("gradle", "publish"): (
        *(
            ("publishPlugins",),
            ("uploadArchives",),
            ("publishToMavenCentral",),
            ("publishToSonatype",),
            ("publishRelease",),
        ),
        *(("publishAllPublicationsToMavenCentralRepository",), ("publishAllPublicationsToMavenRepository",)),
        *(("closeAndReleaseRepository",), ("publishAndReleaseToMavenCentral",), ("bintrayUpload",), ("jib",)),
    ),
    ("mvn", "deploy"): (("perform",), ("deploy-file",), ("publish",)),
    ("sbt", "publish"): (
        ("publishSigned",),
        ("sonatypeRelease",),
        ("sonatypeBundleRelease",),
        ("+publish",),
        ("+publishSigned",),
    ),
    ("docker", "build"): (
        ("buildx", "build"),
        ("buildx", "bake"),
        ("compose", "build"),
        ("image", "build"),
        ("builder", "build"),
    ),
    ("npm", "unpublish"): (("deprecate",), ("dist-tag", "add"), ("dist-tag", "rm"), ("owner", "add"), ("owner", "rm")),
    ("maturin", "publish"): (("upload",),),
    ("hg", "push"): (("email",), ("phabsend",)),
    ("skopeo", "copy"): (("sync",),),
    ("vsce", "publish"): (("unpublish",),),
    ("helm", "push"): (("cm-push",), ("push-artifactory",), ("chart", "push"), ("s3", "push"), ("gcs", "push")),
    ("gem", "push"): (("yank",),),
    ("cargo", "publish"): (("yank",), ("release",), ("workspaces", "publish")),
    ("jj", "git", "push"): (("gerrit", "upload"),),
}
"""Other verbs that do the same."""


def verbs_of(program: str, arguments: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Every sequence of words that a rule of this program with these arguments means."""
    return (tuple(arguments), *ALSO.get((program, *arguments), ()))


def possible_verbs(program: str, words: Sequence[Word], verbs: Sequence[Sequence[str]]) -> Iterable[Sequence[str]]:
    """Keep the verbs whose words are there at all, where that can be told without reading them in order."""
    if program in _MANY_GOALS or GRAMMARS.get(program, _NOTHING).least:
        return verbs
    texts = {ANY}
    for word in words[:MOST_WORDS]:
        if word.dynamic and not word.text:
            return verbs
        texts.add(word.text)
    return [verb for verb in verbs if texts.issuperset(verb)]


def asks_for(program: str, words: Sequence[Word], verb: Sequence[str]) -> tuple[bool, bool]:
    """Whether these words may ask for that verb, and whether only run time knows.

    Args:
        words: The program's arguments.
    """
    grammar = GRAMMARS.get(program, _NOTHING)
    unsure = False
    for _, dynamic in _readings(grammar, program, words[:MOST_WORDS], verb):
        if not dynamic:
            return True, False
        unsure = True
    return unsure, unsure


def _readings(grammar: Grammar, program: str, words: Sequence[Word], verb: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """Where each reading that holds the verb ends, and whether it rests on a word that only run time knows."""
    todo = [(0, 0, False)]
    seen: set[tuple[int, int, bool]] = set()
    while todo:
        at, matched, dynamic = todo.pop()
        if matched == len(verb):
            yield at, dynamic
            continue
        if at >= len(words) or (at, matched, dynamic) in seen:
            continue
        seen.add((at, matched, dynamic))
        word = words[at]
        if word.text.startswith("-") and len(word.text) > 1 and word.text != "--":
            todo.append((at + 1 + takes_value(grammar, word.text), matched, dynamic))
            if not is_known(grammar, word.text):
                todo.append((at + 2, matched, dynamic))
        elif word.text == "--" or (program == "cargo" and word.text.startswith("+")):
            todo.append((at + 1, matched, dynamic))
        elif program in _MANY_GOALS:
            # Goals stand in any number and order, each perhaps behind its project or plugin.
            todo.append((at + 1, matched, dynamic))
            if verb[matched] in _GOALS_APART.split(word.text.rpartition(":")[2]):
                todo.append((at + 1, matched + 1, dynamic))
        elif means(word.text, verb[matched], grammar):
            todo.append((at + 1, matched + 1, dynamic))
        elif word.dynamic and not word.text:
            todo.append((at + 1, matched + 1, True))


def means(text: str, wanted: str, grammar: Grammar) -> bool:
    """Whether a word is this verb, or a beginning of it that the program takes for it."""
    if wanted == ANY:
        return True
    return text == wanted or (0 < grammar.least <= len(text) and wanted.startswith(text))


def takes_value(grammar: Grammar, option: str) -> bool:
    """Whether the word after this option is surely its value."""
    return option in grammar.valued


def is_known(grammar: Grammar, option: str) -> bool:
    """Whether it is known what the option takes: a value that stands apart, one that is attached, or none."""
    if "=" in option or option in grammar.valued or option in grammar.flags:
        return True
    if option.startswith("--"):
        return False
    return all(letter in grammar.letters for letter in option[1:]) or option[:2] in grammar.valued
