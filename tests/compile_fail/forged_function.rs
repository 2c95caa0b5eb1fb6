//! A function can only be created by a declaration, so that its checks cannot be skipped.

use shared::function::Function;

pub fn build() -> Function {
    Function { grants: &[] }
}
