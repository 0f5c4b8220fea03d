//! How a rule is broken on purpose.

/// Who may allow it.
pub(super) const WHO: &str = "Where it has to be so, the operators of the cluster can allow it for this \
     workload alone, with a reason, an owner and an end:";

/// The document that allows it.
pub(super) fn document(policy: &str, code: &str) -> String {
    format!(
        "apiVersion: gatehouse.dev/v1alpha1
kind: Exemption
metadata: {{name: WORKLOAD-{code}}}
spec:
  policy: {policy}
  codes: [{code}]
  workloads: [{{namespace: NAMESPACE, kind: Deployment, name: WORKLOAD}}]
  reason: \"…\"
  owner: \"…\"
  expires: 2027-01-31"
    )
}
