"""What scikit-learn's tools ask of a classifier; scikit-learn itself is not needed."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import fields, replace
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from digitnet.errors import InvalidInputError
from digitnet.recipe import Recipe, resolve_recipe

E = TypeVar("E", bound="Estimator")
_NESTED = "recipe__"


class Estimator:
    """Parameters, clones and tags as in scikit-learn."""

    _estimator_type = "classifier"  # for scikit-learn before 1.6, which reads no tags

    _arguments: Mapping[str, Any]  # of the constructor, as they were given
    _given_weights: Mapping[str, Tensor] | None  # first ones of a module that was given

    if TYPE_CHECKING:

        @property
        def recipe(self) -> Recipe: ...  # noqa: D102
        @property
        def classes(self) -> tuple[str, ...]: ...  # noqa: D102
        @property
        def input_shape(self) -> tuple[int, int, int]: ...  # noqa: D102
        @property
        def _fitted(self) -> bool: ...

    @property
    def classes_(self) -> npt.NDArray[np.int64]:
        """The labels, int64 (classes,): indices into `classes`."""
        return np.arange(len(self.classes))

    @property
    def n_features_in_(self) -> int:
        """Values of an image: channels * height * width."""
        return math.prod(self.input_shape)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments as they were given.

        Args:
            deep: Add the recipe's fields, as `recipe__epochs`.
        """
        names = signature(type(self)).parameters
        given = self._arguments
        params = {name: given[name] if name in given else getattr(self, name) for name in names}
        if deep and "recipe" in params:
            params |= {
                f"{_NESTED}{field.name}": getattr(self.recipe, field.name)
                for field in fields(Recipe)
            }
        return params

    def set_params(self: E, **params: Any) -> E:
        """Become an untrained classifier with other arguments; those not named stay.

        Args:
            **params: Names as `get_params` returns them, those of the recipe's fields, too. A
                module that was given as `model` is copied, with the weights it came with.

        Raises:
            InvalidInputError: A name is unknown, or a value is out of range; then nothing changes.
        """
        known = self.get_params()
        for name in params:
            if name not in known:
                raise InvalidInputError(
                    f"Expected parameters of {type(self).__name__}; received {name!r}. "
                    f"Name one of {', '.join(known)}."
                )
        changed = {name: value for name, value in params.items() if not name.startswith(_NESTED)}
        arguments = self._untrained_arguments() | changed
        in_recipe = {name.removeprefix(_NESTED): params[name] for name in params.keys() - changed}
        if in_recipe:
            arguments["recipe"] = replace(resolve_recipe(arguments["recipe"]), **in_recipe)
        if params:
            vars(self).update(vars(type(self)(**arguments)))
        return self

    def _untrained_arguments(self) -> dict[str, Any]:
        """Return copies of the constructor's arguments; a module has its first weights."""
        arguments = copy.deepcopy(self.get_params(deep=False))
        if isinstance(model := arguments.get("model"), nn.Module) and self._given_weights:
            model.load_state_dict(self._given_weights)
        return arguments

    def __sklearn_clone__(self: E) -> E:
        return type(self)(**self._untrained_arguments())

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags  # which calls this

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(three_d_array=True, positive_only=True),
        )
