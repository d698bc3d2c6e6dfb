"""The public REST contract: one file per noun, one line here."""

from fastapi import APIRouter

from app.api import (
    catalog,
    chat,
    checkpoints,
    compare,
    conversations,
    dataset_rows,
    datasets,
    derivations,
    estimates,
    experiments,
    health,
    machine,
    models,
    predict,
    queue,
    recommendations,
    run_answers,
    runs,
    sign_in,
    supervision,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    sign_in.router,
    catalog.router,
    datasets.router,
    dataset_rows.router,
    estimates.router,
    supervision.router,
    recommendations.router,
    machine.router,
    models.router,
    runs.router,
    run_answers.router,
    checkpoints.router,
    derivations.router,
    queue.router,
    predict.router,
    chat.router,
    conversations.router,
    compare.router,
    experiments.router,
)
