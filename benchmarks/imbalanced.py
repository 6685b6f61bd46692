"""On which data is it seen whether weighting slows convergence? Two real sets made imbalanced, and a drawn one.

The real ones are those that scientific packages bring along: handwritten digits and breast cancer of scikit-learn,
which alone needs to be installed for them. Of each class a half is held out, drawn with the seed; of the other half the
rare class loses most of its samples, and what is left is trained on. The held-out half stays whole: a recall of nine
samples could say little. Features are standardised by the mean and spread of the training samples.

The drawn set has two classes in normal clouds of spread 1 around two points, so that the best that can be done is
known: with points d apart and a rare class of share p, the boundary that is best without weights recognises
Phi(d / 2 - log((1 - p) / p) / d) of the rare class, and the one that is best with balanced weights Phi(d / 2).

The weight of a sample is that of its class, samples / (classes * samples of the class), which is scikit-learn's
`balanced`; their mean is 1. Leaves out: training (`benchmarks.target.training`).

Source: M. Buda, A. Maki and M. Mazurowski, A systematic study of the class imbalance problem in convolutional neural
networks (2018), section 3.2: a class of a balanced set is thinned for training, and tests are made on the set as it is.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import AxisError, SuiteError

OTHERS_RECALL: float = 0.9
"""Share of the other classes' samples that has to be recognised too, where a recall of the rare class is to count: a
model that takes everything for rare, as some do before they have learnt anything, recognises all of it."""

_PACKAGE = "sklearn"

_FEATURES = 20
_DISTANCE = 4.0
_DRAWN_COUNTS = (950, 50)
"""Training samples of either class: one in twenty is rare. As many of each as there are common ones are held out."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Data to train on and data to look at.

    train_features: float32 [samples, features]; train_labels: int32 [samples], classes from 0; train_weights: float32
    [samples], mean 1.0; held_features and held_labels: likewise; minority: the rare class.
    """

    train_features: NDArray[np.float32]
    train_labels: NDArray[np.int32]
    train_weights: NDArray[np.float32]
    held_features: NDArray[np.float32]
    held_labels: NDArray[np.int32]
    minority: int

    def count_classes(self) -> NDArray[np.int64]:
        """Return how many training samples there are of each class: int64 [classes]."""
        return np.bincount(self.train_labels)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """One set of data, and what is to be reached on it.

    `split` draws a split with a seed. The targets were chosen on seeds that are not measured; docs/convergence.md says
    how.
    """

    name: str
    title: str
    needs_package: bool
    target_recall: float
    target_loss: float
    split: Callable[[int], Split]


def balance_weights(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the weight of each sample, float32 [samples], mean 1.0: inverse to how frequent its class is.

    Args:
        labels: int32 [samples], each class from 0 to the highest at least once.
    """
    counts = np.bincount(labels)
    by_class = labels.size / (counts.size * counts)
    return by_class[labels].astype(np.float32)


def _make_split(
    train: tuple[NDArray[np.float64], NDArray[np.int64]],
    held: tuple[NDArray[np.float64], NDArray[np.int64]],
    minority: int,
) -> Split:
    """Return features and labels as a split, standardised and weighted."""
    features, labels = train
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread == 0.0] = 1.0  # the rim of a digit is white in all of them
    return Split(
        train_features=((features - mean) / spread).astype(np.float32),
        train_labels=labels.astype(np.int32),
        train_weights=balance_weights(labels.astype(np.int32)),
        held_features=((held[0] - mean) / spread).astype(np.float32),
        held_labels=held[1].astype(np.int32),
        minority=minority,
    )


def thin_out(
    features: NDArray[np.float64], labels: NDArray[np.int64], *, minority: int, kept_share: float, seed: int
) -> Split:
    """Return a split of balanced data of whose rare class a part is left to train on.

    Args:
        features: float64 [samples, features].
        labels: int64 [samples], classes from 0.
        minority: the class that becomes rare.
        kept_share: of its training half, rounded to whole samples, and one at least.
        seed: draws both halves.
    """
    generator = np.random.default_rng(seed)
    train, held = [], []
    for number in range(int(labels.max()) + 1):
        members = generator.permutation(np.flatnonzero(labels == number))
        half = members.size // 2
        kept = max(1, round(kept_share * half)) if number == minority else half
        train.append(members[:kept])
        held.append(members[half:])
    chosen, looked_at = np.concatenate(train), np.concatenate(held)
    return _make_split((features[chosen], labels[chosen]), (features[looked_at], labels[looked_at]), minority=minority)


def _split_loaded(loader: str, *, minority: int, kept_share: float) -> Callable[[int], Split]:
    """Return what splits a set that a function of scikit-learn loads."""

    def split(seed: int) -> Split:
        loaded = getattr(importlib.import_module(f"{_PACKAGE}.datasets"), loader)()
        return thin_out(loaded.data, loaded.target, minority=minority, kept_share=kept_share, seed=seed)

    return split


def _split_drawn(seed: int) -> Split:
    """Return a split of the drawn set; which way the points lie from each other is drawn too."""
    generator = np.random.default_rng(seed)
    direction = generator.normal(size=_FEATURES)
    direction *= _DISTANCE / np.linalg.norm(direction)

    def draw(counts: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        labels = np.repeat(np.arange(2), counts)
        return generator.normal(size=(labels.size, _FEATURES)) + labels[:, np.newaxis] * direction, labels

    return _make_split(draw(_DRAWN_COUNTS), draw((_DRAWN_COUNTS[0], _DRAWN_COUNTS[0])), minority=1)


DATA_SETS: Mapping[str, DataSet] = MappingProxyType(
    {
        each.name: each
        for each in (
            DataSet(
                name="digits",
                title="handwritten digits of scikit-learn, a tenth of the eights",
                needs_package=True,
                target_recall=0.5,
                target_loss=0.2,
                split=_split_loaded("load_digits", minority=8, kept_share=0.1),
            ),
            DataSet(
                name="breast_cancer",
                title="breast cancer of scikit-learn, a fifth of the malignant",
                needs_package=True,
                target_recall=0.8,
                target_loss=0.1,
                split=_split_loaded("load_breast_cancer", minority=0, kept_share=0.2),
            ),
            DataSet(
                name="synthetic",
                title="two normal clouds in 20 dimensions, one sample in twenty of the rare one",
                needs_package=False,
                target_recall=0.75,
                target_loss=0.05,
                split=_split_drawn,
            ),
        )
    }
)
"""Every set of data by name, in the order in which they are told of."""


def parse_data_sets(text: str) -> tuple[str, ...]:
    """Return the names of data sets that a text has, apart by commas, each once.

    Raises:
        AxisError: when one is none that is known.
        SuiteError: when the package that has it is not installed.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in DATA_SETS:
            raise AxisError(f"expected some of {', '.join(DATA_SETS)}, got {name!r}; choose among them")
        if DATA_SETS[name].needs_package and importlib.util.find_spec(_PACKAGE) is None:
            raise SuiteError(
                f"expected scikit-learn, which has {name}, got none; pip install --group convergence, or write "
                "--data synthetic"
            )
    return names


def save_split(split: Split, path: Path) -> None:
    """Write a split to a file of NumPy's, which a target reads with `load_split`."""
    np.savez(path, **dataclasses.asdict(split))


def load_split(path: Path) -> Split:
    """Return the split that a file holds."""
    with np.load(path, allow_pickle=False) as arrays:
        return Split(
            **{name: arrays[name] for name in arrays.files if name != "minority"}, minority=int(arrays["minority"])
        )
