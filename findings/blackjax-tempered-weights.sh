#!/usr/bin/env bash
# blackjax 1.7.1 with jax 0.10.2: when adaptive tempered SMC says that it has reached the posterior (`tempering_param == 1`), its particles
# are not draws from the posterior.
#
# A step moves the particles at the exponent that it FOUND and ends by weighing them for the next one. So after the step that arrives at 1 no
# particle has been moved at the posterior, and `state.weights` are not uniform. The loop that stops there, as one writes it from the name
# of the field, and averages `state.particles` gets a tempered answer: here, where one stage is enough, the mean of the prior, 0, for
# that of the posterior, 0.5. Weighted, it is right. One more step has the exponent stay at 1, resamples, moves at the posterior, and
# leaves weights that are all equal. (From memory one expects weigh, resample, move in this order, as in the textbooks, so that the last
# particles have equal weights.)
#
# Prior: standard normal. One observation of 1.0 with error 1, so that the posterior is normal with mean 0.5.
#
# Seen:
#     at exponent 1 after 1 stage: weights equal False, mean of particles near 0.0 True, weighted mean near 0.5 True
#     one step more: exponent 1.0, weights equal True, mean of particles near 0.5 True
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
    blackjax==1.7.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import blackjax
import jax
import jax.numpy as jnp
from blackjax.mcmc import random_walk
from blackjax.smc import resampling


def step(key, state, density, sigma):
    return random_walk.build_additive_step()(key, state, density, random_walk.normal(sigma))


sampler = blackjax.adaptive_tempered_smc(
    logprior_fn=lambda z: -0.5 * z**2,
    loglikelihood_fn=lambda z: -0.5 * (z - 1.0) ** 2,
    mcmc_step_fn=step,
    mcmc_init_fn=random_walk.init,
    mcmc_parameters={"sigma": jnp.array([0.8])},
    resampling_fn=resampling.systematic,
    target_ess=0.5,
    num_mcmc_steps=10,
)
state = sampler.init(jax.random.normal(jax.random.key(0), (4000,)))
advance = jax.jit(sampler.step)
for n in range(50):
    state, _ = advance(jax.random.key(n + 1), state)
    if state.tempering_param >= 1:
        break


def near(x, expected):
    return bool(abs(x - expected) < 0.06)


equal = bool(jnp.allclose(state.weights, 1 / 4000, rtol=1e-3))
weighted = near((state.weights * state.particles).sum(), 0.5)
print(
    f"at exponent 1 after {n + 1} stage: weights equal {equal}, mean of particles near 0.0 {near(state.particles.mean(), 0.0)}, "
    f"weighted mean near 0.5 {weighted}"
)
state, _ = advance(jax.random.key(99), state)
equal = bool(jnp.allclose(state.weights, 1 / 4000, rtol=1e-3))
print(
    f"one step more: exponent {float(state.tempering_param)}, weights equal {equal}, "
    f"mean of particles near 0.5 {near(state.particles.mean(), 0.5)}"
)
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
JAX_PLATFORMS=cpu PYTHONPATH="$folder/packages" python3 "$folder/show.py" 2> "$folder/errors" | tee "$folder/seen" \
    || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
