from __future__ import annotations

from pathlib import Path

from orchestrator.sandbox.repositories import find_repositories, repository_warnings
from tests.workers.repository import GIT, commit, git, new_repository


def test_a_repository_is_found_from_its_folder_and_from_below_it(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    (target / "sub").mkdir()
    (whole,) = find_repositories([target], GIT)
    (below,) = find_repositories([target / "sub"], GIT)
    assert whole.common == below.common == target / ".git"
    assert [tree.prefix for tree in (*whole.trees, *below.trees)] == ["", "sub/"]


def test_a_folder_that_the_repository_above_ignores_is_in_none(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    (target / ".gitignore").write_text("scratch/\n")
    (target / "scratch").mkdir()
    assert find_repositories([target / "scratch"], GIT) == ()


def test_a_linked_work_tree_and_a_git_folder_elsewhere_are_found(tmp_path: Path) -> None:
    main = new_repository(tmp_path / "main")
    git(main, "worktree", "add", "-q", str(tmp_path / "linked"))
    (found,) = find_repositories([tmp_path / "linked"], GIT)
    assert found.common == main / ".git"
    assert found.trees[0].pointer == tmp_path / "linked" / ".git"
    git(tmp_path, "init", "-q", "--separate-git-dir", str(tmp_path / "elsewhere"), str(tmp_path / "here"))
    assert find_repositories([tmp_path / "here"], GIT)[0].common == tmp_path / "elsewhere"


def test_repositories_and_submodules_inside_are_found(tmp_path: Path) -> None:
    target, part = new_repository(tmp_path / "t"), new_repository(tmp_path / "part")
    git(target, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(part), "module")
    commit(target)
    new_repository(target / "vendor" / "inside")
    found = {str(each.common.relative_to(target)) for each in find_repositories([target], GIT)}
    assert found == {".git", ".git/modules/module", "vendor/inside/.git"}


def test_what_cannot_be_layered_says_why(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    assert "no git" in find_repositories([target], None)[0].problem
    (target / ".git" / "reftable").mkdir()
    assert "reftable" in find_repositories([target], GIT)[0].problem


def test_the_object_format_is_known(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "t")
    assert find_repositories([tmp_path / "t"], GIT)[0].algorithm == "sha256"


def test_the_start_says_where_agents_have_no_git(tmp_path: Path) -> None:
    main = new_repository(tmp_path / "main")
    git(main, "worktree", "add", "-q", str(tmp_path / "linked"))
    assert repository_warnings(tmp_path / "linked", backend="bubblewrap", git=GIT) == ()
    assert repository_warnings(main, backend="landlock", git=GIT) == ()
    (said,) = repository_warnings(tmp_path / "linked", backend="landlock", git=GIT)
    assert "no git" in said
    (main / ".git" / "reftable").mkdir()
    (said,) = repository_warnings(main, backend="bubblewrap", git=GIT)
    assert "not write it" in said
    assert repository_warnings(main, backend="none", git=GIT) == ()
