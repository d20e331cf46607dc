# Read by the image of MariaDB when its volume is new: databases, and users that may do what they must.
password() { cat "/run/secrets/$1"; }
rights="SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, LOCK TABLES, CREATE TEMPORARY TABLES"
docker_process_sql --database=mysql <<SQL
CREATE DATABASE mlflow CHARACTER SET utf8mb4;
CREATE DATABASE mlflow_accounts CHARACTER SET utf8mb4;
CREATE DATABASE raw_data CHARACTER SET utf8mb4;
CREATE DATABASE clean_data CHARACTER SET utf8mb4;
CREATE USER 'mlflow'@'%' IDENTIFIED BY '$(password database_mlflow)';
CREATE USER 'cauce'@'%' IDENTIFIED BY '$(password database_warehouse)';
GRANT $rights ON mlflow.* TO 'mlflow'@'%';
GRANT $rights ON mlflow_accounts.* TO 'mlflow'@'%';
GRANT $rights ON raw_data.* TO 'cauce'@'%';
GRANT $rights ON clean_data.* TO 'cauce'@'%';
SQL
