"""What each family of tasks brings to a run, one package each: data, model, evaluation, prediction and model card. `base.py` is
the interface that the loop calls; `registry.py` names the families."""
