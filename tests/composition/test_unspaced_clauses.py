"""Chinese, Japanese and Korean clauses are read by signs, and a verb of change counts in the form of an order."""

from __future__ import annotations

from orchestrator.composition.outcomes import Outcome, read_outcome

CHANGES = (
    "请添加一个搜索框",
    "能不能加一个深色模式？",
    "检查输入是否为空再保存",
    "分析错误原因并修复",
    "如果名字为空，显示邮箱",
    "検索機能を追加してください",
    "ダークモードを追加できますか？",
    "原因を調べて直してください",
    "로그인 버그를 고쳐줘",
    "원인을 분석하고 수정해 주세요",
    "向用户解释错误",
    "列出文件",
    "显示文件列表",
    "检查文件类型",
    "搜索项目",
    "分析用户输入",
    "总结长消息",
    "ファイルを確認して",
    "プロジェクトを検索して",
    "ログを分析して",
    "パフォーマンスを測定して",
    "파일을 확인해",
    "프로젝트를 검색해",
    "메시지를 요약해",
    "深色模式怎么样？",
    "要不要加一个深色模式？",
    "ダークモードはどうですか？",
    "ダークモードがほしい",
    "다크 모드는 어때요?",
)
ANSWERS = (
    "登录是怎么工作的？",
    "解释一下架构",
    "分析这个模块的性能",
    "ログインの仕組みを説明してください",
    "アーキテクチャを説明して",
    "このコードを分析して",
    "로그인은 어떻게 작동하나요?",
    "아키텍처를 설명해 주세요",
)


def test_whatever_asks_for_a_change_or_leaves_a_doubt_is_a_change() -> None:
    assert [task for task in CHANGES if read_outcome(task).outcome is not Outcome.CHANGE] == []


def test_a_question_or_an_analysis_alone_is_an_answer() -> None:
    assert [task for task in ANSWERS if read_outcome(task).outcome is not Outcome.ANSWER] == []
