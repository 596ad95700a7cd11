"""A clean project of JavaScript, Go and Rust each, by their standard libraries alone, and what is planted into it."""

from __future__ import annotations

from collections.abc import Mapping

STEPS = 12
BUDGET = '[gates.performance]\ncommand = "true"\nseconds = 60\n'


def javascript() -> dict[str, str]:
    """A package of modules, tested by Node's own runner."""
    steps = "".join(
        f"\nexport function step{number}(value, limit = {number}) {{\n"
        f"  if (value > limit) {{\n    return value - {number + 1};\n  }}\n  return value + {number + 1};\n}}\n"
        for number in range(STEPS)
    )
    tests = "".join(
        f'\ntest("step {number}", () => {{\n  assert.equal(steps.step{number}({number}), {2 * number + 1});\n'
        f"  assert.equal(steps.step{number}(100), {99 - number});\n}});\n"
        for number in range(STEPS)
    )
    head = 'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport * as steps'
    return {
        "package.json": '{"name": "shop", "version": "1.0.0", "type": "module", "scripts": {"test": "node --test"}}\n',
        "src/steps.js": f"// Steps.\n{steps}",
        "test/steps.test.js": f'{head} from "../src/steps.js";\n{tests}',
        ".orchestrator/settings.toml": BUDGET,
    }


def go() -> dict[str, str]:
    """A module of one package."""
    steps = "".join(
        f"\n// Step{number} moves a value.\nfunc Step{number}(value int) int {{\n"
        f"\tif value > {number} {{\n\t\treturn value - {number + 1}\n\t}}\n\treturn value + {number + 1}\n}}\n"
        for number in range(STEPS)
    )
    tests = "".join(
        f"\nfunc TestStep{number}(t *testing.T) {{\n"
        f"\tif Step{number}({number}) != {2 * number + 1} || Step{number}(100) != {99 - number} {{\n"
        '\t\tt.Error("wrong")\n\t}\n}\n'
        for number in range(STEPS)
    )
    return {
        "go.mod": "module example.org/shop\n\ngo 1.18\n",
        "steps/steps.go": f"// Package steps moves values.\npackage steps\n{steps}",
        "steps/steps_test.go": f'package steps\n\nimport "testing"\n{tests}',
        ".orchestrator/settings.toml": BUDGET,
    }


def rust() -> dict[str, str]:
    """A library with its tests within."""
    steps = "".join(
        f"\n/// Moves a value.\npub fn step_{number}(value: i32) -> i32 {{\n"
        f"    if value > {number} {{\n        value - {number + 1}\n    }} else {{\n"
        f"        value + {number + 1}\n    }}\n}}\n"
        for number in range(STEPS)
    )
    tests = "".join(
        f"\n    #[test]\n    fn step_{number}_moves() {{\n"
        f"        assert_eq!(step_{number}({number}), {2 * number + 1});\n"
        f"        assert_eq!(step_{number}(100), {99 - number});\n    }}\n"
        for number in range(STEPS)
    )
    return {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "1.0.0"\nedition = "2021"\n',
        "src/lib.rs": f"//! A shop.\n{steps}\n#[cfg(test)]\nmod tests {{\n    use super::*;\n{tests}}}\n",
        ".orchestrator/settings.toml": BUDGET,
    }


CLEAN = {"javascript": javascript, "go": go, "rust": rust}
PLANTED: Mapping[str, tuple[Mapping[str, str], frozenset[str]]] = {
    "javascript": (
        {
            "src/more.js": "export function more() {\n" + "  console.log(1);\n" * 60 + "}\n",
            "src/broken.cjs": "function (\n",
            "test/bad.test.js": 'import { test } from "node:test";\n'
            'test("bad", () => {\n  throw new Error("no");\n});\n',
            "package.json": '{"name": "shop", "type": "module", "scripts": {"test": "node --test"}, '
            '"dependencies": {"badpkg": "1.0.0"}}\n',
            "package-lock.json": '{"name": "shop", "lockfileVersion": 3, "packages": {"": {"name": "shop", '
            '"dependencies": {"badpkg": "1.0.0"}}, "node_modules/badpkg": {"version": "1.0.0"}}}\n',
        },
        frozenset({"tests", "javascript-coverage", "javascript-lint", "modules"}),
    ),
    "go": (
        {
            "more/more.go": 'package more\n\nimport "fmt"\n\n// More is never run.\nfunc More() {\n'
            + '\tfmt.Printf("%d\\n", "text")\n' * 30
            + "}\n",
            "steps/bad_test.go": 'package steps\n\nimport "testing"\n\nfunc TestBad(t *testing.T) { t.Fatal("no") }\n',
        },
        frozenset({"tests", "go-coverage", "go-vet"}),
    ),
    "rust": (
        {
            "src/more.rs": "#![allow(dead_code)]\n"
            "fn never() -> bool {\n    let answer = true;\n    return answer == true;\n}\n"
            "#[cfg(test)]\nmod tests {\n    #[test]\n    fn bad() {\n        panic!();\n    }\n}\n",
            "src/main.rs": "mod more;\nfn main() {}\n",
            "Cargo.toml": '[package]\nname = "shop"\nversion = "1.0.0"\nedition = "2021"\n\n'
            '[lints.clippy]\nall = "allow"\n',
        },
        frozenset({"tests", "rust-clippy"}),
    ),
}
