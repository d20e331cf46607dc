# Read by the image of MariaDB when its volume is new: databases, and users who may all in theirs, which
# MLflow's migrations need (they make triggers), and nothing elsewhere.
password() { cat "/run/secrets/$1"; }
docker_process_sql --database=mysql <<SQL
CREATE DATABASE mlflow CHARACTER SET utf8mb4;
CREATE DATABASE raw_data CHARACTER SET utf8mb4;
CREATE DATABASE clean_data CHARACTER SET utf8mb4;
CREATE USER 'mlflow'@'%' IDENTIFIED BY '$(password database_mlflow)';
CREATE USER 'cauce'@'%' IDENTIFIED BY '$(password database_warehouse)';
GRANT ALL PRIVILEGES ON mlflow.* TO 'mlflow'@'%';
GRANT ALL PRIVILEGES ON raw_data.* TO 'cauce'@'%';
GRANT ALL PRIVILEGES ON clean_data.* TO 'cauce'@'%';
SQL
