import cascade_jax


def test_card_has_scores_with_their_protocols_settings_and_origin(run_folder):
  model = cascade_jax.load(run_folder)
  card = model.card()
  score = model.scores["disentanglement_score"]
  assert "\n# CascadeVAE of tiny\n" in card
  assert f"| disentanglement_score | {score:.4f} |" in card
  assert "- disentanglement_score: FactorVAE metric" in card
  assert '"phase_steps": 2' in card and '"git_commit"' in card
  assert "Intended use" in card and "mig" not in card  # it was not computed


def test_card_of_a_model_without_scores_says_so(run_folder):
  model = cascade_jax.load(run_folder)
  contents = model.contents._replace(evaluation={})
  assert "was not scored" in cascade_jax.Model(contents).card()
