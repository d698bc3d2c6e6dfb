"""The public REST contract: one file per noun, one line here."""

from fastapi import APIRouter

from app.api import catalog, compare, datasets, estimates, experiments, health, machine, predict, runs, sign_in

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    sign_in.router,
    catalog.router,
    datasets.router,
    estimates.router,
    machine.router,
    runs.router,
    predict.router,
    compare.router,
    experiments.router,
)
