"""Versioned prompt templates, rendered once to token ids."""

from llmrec.templates.answers import AnswerEncoder, AnswerFrame, answer_frame, continuation_ids
from llmrec.templates.library import load_template, released, template_ids
from llmrec.templates.markers import MarkerFinder
from llmrec.templates.render import render, render_batch
from llmrec.templates.template import Template

__all__ = [
    "AnswerEncoder",
    "AnswerFrame",
    "MarkerFinder",
    "Template",
    "answer_frame",
    "continuation_ids",
    "load_template",
    "released",
    "render",
    "render_batch",
    "template_ids",
]
