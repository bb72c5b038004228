"""How easy a text is to read: LIX for Danish, Flesch Reading Ease for English. Pure functions of the text.

Markdown is read as a patient sees it: every paragraph and every list item ends a sentence, marks and
placeholders are left out. A colon does not end a sentence, so the figures err on the strict side.
"""

from __future__ import annotations

import re

LONG_WORD = 7
MARKS = re.compile(r"[*_`#>]+|\{\w+\}")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
BLOCK = re.compile(r"\n[ \t]*\n|^[ \t]*(?:[-+*]|\d+\.)[ \t]+", re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'»«“”’)]*\s+(?![a-zæøå\d])")
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

# English spelling gives a word one syllable per vowel group, give or take these.
VOWELS = re.compile(r"[aeiouy]+")
MORE = re.compile(
    r"(?<![ctgsxln])i[ou]|(?<![ctgsx])ia|(?<!t)ience|[aeiouy]ing$|(?<![qg])(?<!rs)ua|(?<!p)eo(?!us)"
    r"|^crea|^(?:idea|area)|iers?$|iest$|^quiet|^fluid|ism$|(?<=[ds])n['’]t$"
)
FEWER = re.compile(
    r"(?<![aeiouy])(?<![^aeiouy]l)e$|(?<![aeiouysxzcg])(?<![^aeiouy]l)(?<![cs]h)es$|(?<![aeiouytd])ed$"
    r"|e(?:ly|ty)$|e(?=ful|less|ness|ment|time)|^some(?=.)|^ever(?=y)|^business"
)


def sentences(text: str) -> list[str]:
    """The sentences of a Markdown text, without marks. A full stop before a small letter is none."""
    blocks = BLOCK.split(LINK.sub(r"\1", text))
    found = [part for block in blocks for part in SENTENCE_END.split(MARKS.sub("", block))]
    return [sentence.strip() for sentence in found if WORD.search(sentence)]


def words(text: str) -> list[str]:
    """The words and numbers of a Markdown text; a hyphenated word is one."""
    return [word for sentence in sentences(text) for word in WORD.findall(sentence)]


def syllables(word: str) -> int:
    """Spoken syllables of an English word, estimated by its vowel groups. A number counts as one."""
    return sum(map(_syllables_of_part, re.split("-", word.lower())))


def _syllables_of_part(part: str) -> int:
    return max(1, len(VOWELS.findall(part)) + len(MORE.findall(part)) - len(FEWER.findall(part)))


def lix(text: str) -> float:
    """Läsbarhetsindex: words / sentences + 100 * words of more than six letters / words (Björnsson 1968).

    24 and less is very easy, 25-34 easy, 35-44 medium.
    """
    count = len(found := words(text))
    if not count:
        return 0.0
    long = sum(sum(map(str.isalpha, word)) >= LONG_WORD for word in found)
    return count / len(sentences(text)) + 100 * long / count


def flesch(text: str) -> float:
    """Flesch Reading Ease: 206.835 - 1.015 * words / sentences - 84.6 * syllables / words (Flesch 1948).

    70 and more is plain English for most adults.
    """
    count = len(found := words(text))
    if not count:
        return 100.0
    return 206.835 - 1.015 * count / len(sentences(text)) - 84.6 * sum(map(syllables, found)) / count
