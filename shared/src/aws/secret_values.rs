//! Secrets Manager: reading a secret of the operator.

use aws_sdk_secretsmanager::error::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{Aws, failed};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;

impl Aws {
    /// The value of a secret with this staging label. None if there is no such secret, or no such version of it.
    ///
    /// A secret that is being deleted counts as missing:
    /// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>.
    pub(crate) async fn secret_value(&self, name: &str, stage: &str) -> Result<Option<SecretText>, Problem> {
        match self.secrets().get_secret_value().secret_id(name).version_stage(stage).send().await {
            Ok(found) => Ok(found.secret_string.map(SecretText::new)),
            Err(SdkError::ServiceError(error))
                if matches!(error.err().code(), Some("ResourceNotFoundException" | "InvalidRequestException")) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed("secretsmanager:GetSecretValue", error)),
        }
    }
}
