"""Our statistics beside Python's statsmodels (and scipy, which it brings): the same data, the same run, numbers compared, CPU time
of one call each.

    cmake --build build/release --target stats_beside
    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install statsmodels
    /tmp/venv/bin/python tests/stats/beside_statsmodels.py build/release/tests/stats/stats_beside

Exits 1 when a number differs by more than its tolerance (relative, told in the last column).
"""
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import scipy.stats
import statsmodels
import statsmodels.api as sm
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.stats import contingency_tables, inter_rater, meta_analysis, proportion

SEED = 20261125


def data(folder):
    rng = np.random.default_rng(SEED)
    n = 1_000_000
    a = rng.integers(0, 5, n)
    b = np.where(rng.random(n) < 0.7, a, rng.integers(0, 5, n))
    x = rng.normal(size=(20_000, 5))
    linear = x @ np.array([0.5, -0.3, 0.2, 0, 0.8])
    latent = linear + rng.logistic(size=20_000)
    arrays = {
        "reader_a": a, "reader_b": b,
        "panel": rng.multinomial(4, [0.1, 0.2, 0.4, 0.2, 0.1], 10_000),
        "strata": rng.integers(3, 40, (1000, 4)),
        "effect": rng.normal(0.1, 0.5, 10_000), "variance": 0.01 + 0.1 * rng.random(10_000),
        "x": x, "y": latent > 1, "grade": np.digitize(latent, [-1, 0.5, 2]),
        "sample_a": rng.normal(size=10_000), "sample_b": rng.normal(0.05, 1.1, 10_000),
    }
    for name, values in arrays.items():
        np.ascontiguousarray(values, dtype=float).tofile(f"{folder}/{name}.bin")
    return arrays


def timed(run):
    calls, begin = 0, time.process_time()
    while calls == 0 or time.process_time() - begin < 0.5:
        result = run()
        calls += 1
    return (time.process_time() - begin) / calls, np.atleast_1d(np.asarray(result, dtype=float))


def methods(d):
    """name -> (how, relative tolerance). Iterative fits agree as far as statsmodels' own stopping rule."""
    counts = np.zeros((5, 5))

    def table():
        return np.histogram2d(d["reader_a"], d["reader_b"], bins=(np.arange(6) - 0.5, np.arange(6) - 0.5))[0]

    counts = table()
    square = contingency_tables.SquareTable(counts, shift_zeros=False)
    strata = [t.reshape(2, 2) for t in d["strata"].astype(float)]

    def kappa():
        k = inter_rater.cohens_kappa(table(), wt="quadratic")
        return k.kappa, k.std_kappa

    def margins():
        r = contingency_tables.SquareTable(counts, shift_zeros=False).homogeneity("stuart_maxwell")
        return r.statistic, r.pvalue

    def symmetry():
        r = contingency_tables.SquareTable(counts, shift_zeros=False).symmetry()
        return r.statistic, r.pvalue

    def cmh():
        s = contingency_tables.StratifiedTable(strata)
        return s.test_null_odds(correction=True).statistic, s.oddsratio_pooled, s.test_equal_odds(adjust=True).statistic

    def intervals():
        return [b for m in ("wilson", "beta", "jeffreys") for b in proportion.proportion_confint(37, 412, method=m)]

    def laird():
        r = meta_analysis.combine_effects(d["effect"], d["variance"], method_re="dl")
        return r.q, r.tau2, r.mean_effect_re, r.sd_eff_w_re_hksj

    def paule():
        # combine_effects(method_re="iterated") gives up on this many studies and answers 0; the iteration behind it does not.
        tau2, converged = meta_analysis._fit_tau_iter_mm(d["effect"], d["variance"], tau2_start=0, atol=1e-12, maxiter=100)
        assert converged
        weights = 1 / (d["variance"] + tau2)
        return tau2, np.sum(weights * d["effect"]) / np.sum(weights)

    def logistic():
        r = sm.Logit(d["y"].astype(float), sm.add_constant(d["x"])).fit(disp=0)
        return list(r.params[1:]) + [r.cov_params()[1, 1]]

    def ordinal():
        return OrderedModel(d["grade"], d["x"], distr="logit").fit(method="bfgs", disp=0).params[:5]

    assert square.table.shape == (5, 5)
    return {
        "kappa_of_a_million_pairs": (kappa, 1e-9),
        "stuart_maxwell": (margins, 1e-9),
        "bowker": (symmetry, 1e-9),
        "fleiss_kappa_of_10000": (lambda: inter_rater.fleiss_kappa(d["panel"]), 1e-9),
        "cochran_mantel_haenszel_of_1000_strata": (cmh, 1e-8),
        "proportion_intervals": (intervals, 1e-9),
        "meta_dersimonian_laird_of_10000": (laird, 1e-9),
        "meta_paule_mandel_of_10000": (paule, 1e-6),
        "logistic_of_20000_by_5": (logistic, 1e-6),
        "proportional_odds_of_20000_by_5": (ordinal, 1e-3),
        "kolmogorov_smirnov_of_2x10000": (lambda: scipy.stats.ks_2samp(d["sample_a"], d["sample_b"], method="asymp").statistic, 1e-12),
        "anderson_darling_of_2x10000": (lambda: scipy.stats.anderson_ksamp([d["sample_a"], d["sample_b"]]).statistic, 1e-9),
    }


def main():
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        d = data(folder)
        lines = subprocess.run([sys.argv[1], folder], check=True, capture_output=True, text=True).stdout.splitlines()
    print(f"statsmodels {statsmodels.__version__}, scipy {scipy.__version__}, numpy {np.__version__}, seed {SEED}")
    print(f"{'method':42}{'ours, ms':>12}{'theirs, ms':>12}{'ratio':>9}{'differs by':>12}  allowed")
    known, bad = methods(d), 0
    for line in lines:
        name, seconds, *numbers = line.split()
        run, allowed = known.pop(name)
        theirs_seconds, theirs = timed(run)
        ours = np.array([float(x) for x in numbers])
        differs = float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-300))) if ours.shape == theirs.shape else np.inf
        bad += differs > allowed
        print(f"{name:42}{float(seconds) * 1e3:12.4f}{theirs_seconds * 1e3:12.4f}{theirs_seconds / float(seconds):9.1f}"
              f"{differs:12.1e}  {allowed:.0e}{'' if differs <= allowed else '  DIFFERS'}")
    if known:
        print("not run:", ", ".join(known))
    return 1 if bad or known else 0


if __name__ == "__main__":
    sys.exit(main())
